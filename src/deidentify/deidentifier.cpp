#include "deidentifier.hpp"

#include "walk.hpp"

#include "crypto/hash.hpp"

#include <chrono>

namespace ward::deidentify {
namespace {

constexpr std::size_t remembered_max = 100'000;

int year_at(WallTime now) {
  return int(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(now)).year());
}

}  // namespace

std::string Engine::pseudonym(std::string_view kind, std::string_view a, std::string_view b) const {
  static constexpr std::string_view letters = "bcdfghjklmnpqrst";
  std::string what(kind);
  for (const std::string_view part : {a, b}) (what += '\0') += part;
  const crypto::Sha256 hash = crypto::hmac_sha256(key.reveal(), what);
  std::string out;
  for (std::size_t i = 0; i < 16; ++i) {
    out += letters[hash[i] >> 4];
    out += letters[hash[i] & 15];
  }
  return out;
}

bool Engine::looks_clean(std::string_view text) {
  std::string key_text(text);
  if (const auto found = clean.find(key_text); found != clean.end()) return found->second;
  if (clean.size() >= remembered_max) clean.clear();
  const bool is = scanner.is_clean(text, {});
  clean.emplace(std::move(key_text), is);
  return is;
}

DeIdentifier::DeIdentifier(Settings settings, Secret<std::string> key, WallTime now)
    : inside_(std::make_unique<Engine>(std::move(settings), std::move(key), year_at(now))) {
  WARD_ASSERT(inside_->key.reveal().size() >= 32);
}

DeIdentifier::~DeIdentifier() = default;

std::string DeIdentifier::pseudonym(std::string_view type, std::string_view id) const {
  return inside_->pseudonym("id", type, id);
}

int Engine::shift_days(std::string_view patient) const {
  const crypto::Sha256 hash = crypto::hmac_sha256(key.reveal(), std::string("shift") + '\0' + std::string(patient));
  const unsigned drawn = (unsigned(hash[0]) << 16) | (unsigned(hash[1]) << 8) | hash[2];
  return 1 + static_cast<int>(drawn % 364);
}

int DeIdentifier::shift_days(std::string_view patient) const { return inside_->shift_days(patient); }

int Walk::shift_of_patient() const {
  return whose_.patient.empty() || in_.settings.form != Form::limited ? 0 : in_.shift_days(whose_.patient);
}

Result<Buffer> DeIdentifier::apply(std::string_view resource, const Whose& whose, Counts& counts) {
  const auto document = json::Document::parse(resource);
  if (!document) return std::unexpected(document.error());
  if (!document->root().is_object()) return fail("not_a_resource", "a resource must be a JSON object");
  Walk walk(*inside_, whose, counts);
  walk.own.learn(document->root());
  if (!walk.resource(document->root(), Walk::Where::outermost)) {
    if (walk.lost_modifier())
      return fail("modifier_extension", "it has a modifierExtension, which cannot be kept and must not be lost");
    return fail("not_a_resource", "resourceType must name a resource type of FHIR R4");
  }
  return walk.take();
}

}  // namespace ward::deidentify
