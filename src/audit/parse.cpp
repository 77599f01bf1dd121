#include "parse.hpp"

#include "base/encoding.hpp"
#include "crypto/seal.hpp"
#include "encode.hpp"
#include "json/json.hpp"

#include <charconv>

namespace ward::audit {
namespace {

template <class Number>
bool number(json::Value value, Number& out) {
  if (!value || value.type() != json::Type::number) return false;
  const auto raw = value.raw();
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), out);
  return error == std::errc() && end == raw.data() + raw.size();
}

Outcome outcome_of(std::string_view text) {
  for (const auto outcome : {Outcome::success, Outcome::refused, Outcome::failed})
    if (name(outcome) == text) return outcome;
  return Outcome::unknown;
}

void parse_lists(Record& record, json::Value root) {
  for (auto role = root["roles"].first(); role; role = role.next()) record.roles.push_back(role.text());
  for (auto pair = root["types"].first(); pair; pair = pair.next()) {
    const auto type = pair.first();
    std::uint64_t count = 0;
    if (type && number(type.next(), count)) record.types.emplace_back(type.text(), count);
  }
  for (auto pair = root["detail"].first(); pair; pair = pair.next()) {
    const auto name = pair.first();
    if (name && name.next()) record.detail.emplace_back(name.text(), name.next().text());
  }
}

Record parse_clear(json::Value root) {
  Record record;
  record.event = root.string("event");
  const std::string action = root.string("action");
  record.action = action.empty() ? '\0' : action.front();
  record.outcome = outcome_of(root.string("outcome"));
  record.method = root.string("method");
  record.route = root.string("route");
  number(root["status"], record.status);
  record.actor = root.string("actor");
  record.client = root.string("client");
  record.ip = root.string("ip");
  record.session = root.string("session");
  record.jti = root.string("jti");
  record.request_id = root.string("request");
  record.traceparent = root.string("trace");
  record.purpose = root.string("purpose");
  record.cause = root.string("cause");
  number(root["us"], record.duration_us);
  number(root["bytes"], record.bytes);
  if (const auto complete = root["complete"]; complete && complete.type() == json::Type::boolean)
    record.complete = complete.boolean();
  if (std::uint64_t intent = 0; number(root["intent"], intent)) record.intent = intent;
  parse_lists(record, root);
  return record;
}

bool parse_sealed(Parsed& out, json::Value root) {
  for (auto one = root["subjects"].first(); one; one = one.next()) {
    const auto nonce = base64url_decode(one.string("nonce")), bytes = base64url_decode(one.string("sealed"));
    if (!nonce || !bytes) return false;
    out.sealed.push_back({one.string("key"), *nonce, *bytes});
  }
  return true;
}

}  // namespace

Result<Parsed> parse_stored(std::string_view text) {
  auto document = json::Document::parse(text);
  if (!document) return fail("record_malformed", "an audit record is not JSON: " + document.error().message());
  const auto root = document->root();
  Parsed out;
  std::uint64_t version = 0;
  std::int64_t time = 0;
  if (!root.is_object() || !number(root["v"], version) || version != 1 || !number(root["t"], time) ||
      !number(root["m"], out.entry.mono_us))
    return fail("record_malformed", "an audit record is of another version, or without its time");
  out.entry.time = WallTime(std::chrono::milliseconds(time));
  out.entry.node = root.string("node");
  if (const auto part = root["part"].first(); part) {
    number(part, out.entry.part);
    number(part.next(), out.entry.parts);
  }
  out.entry.record = parse_clear(root);
  if (const auto cut = root["cut"]; cut && cut.type() == json::Type::boolean) out.entry.cut = cut.boolean();
  out.salt = root.string("salt");
  if (!parse_sealed(out, root)) return fail("record_malformed", "the sealed subjects of an audit record are malformed");
  out.entry.sealed = !out.sealed.empty();
  return out;
}

Result<Entry> parse_record(std::string_view text) {
  auto parsed = parse_stored(text);
  if (!parsed) return std::unexpected(parsed.error());
  return std::move(parsed->entry);
}

bool parse_subjects(Subjects& out, std::string_view plain) {
  const auto document = json::Document::parse(plain);
  if (!document || !document->root().is_array()) return false;
  for (auto piece = document->root().first(); piece; piece = piece.next()) {
    const auto first = piece.first();
    if (!first) return false;
    const std::string kind = first.text();
    if (kind == "?query" || kind == "?text") {
      (kind == "?query" ? out.query : out.text) += first.next() ? first.next().text() : "";
      continue;
    }
    Subject subject{kind, {}};
    for (auto resource = first.next(); resource; resource = resource.next())
      subject.resources.push_back(resource.text());
    out.of.push_back(std::move(subject));
  }
  return true;
}

void Opener::open(Parsed& parsed, std::string_view log_hex) {
  if (!keys_ || parsed.sealed.empty()) return;
  bool all = true;
  for (const auto& sealed : parsed.sealed) {
    const auto* key = this->key(sealed.key);
    if (!key) {
      all = false;
      continue;
    }
    auto plain =
        crypto::open_gcm(*key, sealed.nonce, sealed.bytes, sealed_context(log_hex, parsed.entry.node, parsed.salt));
    all = all && plain && parse_subjects(parsed.entry.record.subjects.inside(), *plain);
    if (plain) wipe(plain->data(), plain->size());
  }
  parsed.entry.opened = all;
}

const Secret<std::string>* Opener::key(const std::string& id) {
  constexpr std::size_t known_max = 1024;
  if (known_.size() > known_max) known_.clear();
  auto found = known_.find(id);
  if (found == known_.end()) {
    auto key = keys_->secret_by_id(id);
    const bool usable = key && key->reveal().size() == crypto::aes_key_bytes;
    found = known_.emplace(id, usable ? std::optional(std::move(*key)) : std::nullopt).first;
  }
  return found->second ? &*found->second : nullptr;
}

}  // namespace ward::audit
