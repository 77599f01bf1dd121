// Changes on record: every member that differs, whole. What does not fit is not done, so that nothing long can push
// what matters out of the record.
#include "base/encoding.hpp"
#include "change.hpp"
#include "crypto/hash.hpp"

#include <algorithm>

namespace ward::manage {

namespace json = boost::json;

namespace {

using Detail = std::vector<std::pair<std::string, std::string>>;

// As the log takes them (audit/clear_writer.cpp cuts a value at 2 KiB, and all at 16 KiB), with some room.
constexpr std::size_t piece_bytes_max = 2000, detail_bytes_max = 15u << 10;
constexpr std::size_t kept_before_max = 256;  // of an old value, where all together is too long

std::string told(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

/// Of something made or removed, what was never set says nothing.
bool says_nothing(const json::value& value) {
  return value.is_null() || (value.is_string() && value.as_string().empty()) || (value.is_bool() && !value.as_bool()) ||
         (value.is_array() && value.as_array().empty());
}

json::array without(json::array all, const json::array& taken) {
  for (const json::value& one : taken)
    if (const auto found = std::ranges::find(all, one); found != all.end()) all.erase(found);
  return all;
}

void add_list(Detail& all, const std::string& name, const json::array& before, const json::array& after) {
  const json::array added = without(after, before), removed = without(before, after);
  if (!removed.empty()) all.emplace_back("removed." + name, json::serialize(removed));
  if (!added.empty()) all.emplace_back("added." + name, json::serialize(added));
  json::array guessed = without(before, removed);
  guessed.insert(guessed.end(), added.begin(), added.end());
  if (guessed != after) all.emplace_back("after." + name, json::serialize(after));  // the order means something
}

void add_member(Detail& all, const std::string& name, const json::value* before, const json::value* after) {
  const auto list = [](const json::value* value) { return value == nullptr || value->is_array(); };
  const auto array = [](const json::value* value) { return value == nullptr ? json::array() : value->as_array(); };
  if (list(before) && list(after)) return add_list(all, name, array(before), array(after));
  if (before != nullptr && (after != nullptr || !says_nothing(*before)))
    all.emplace_back("before." + name, told(*before));
  if (after != nullptr && (before != nullptr || !says_nothing(*after))) all.emplace_back("after." + name, told(*after));
}

Detail differences(const json::object& before, const json::object& after) {
  Detail all;
  for (const auto& one : before) {
    const json::value* is = after.if_contains(one.key());
    if (is == nullptr || *is != one.value()) add_member(all, one.key(), &one.value(), is);
  }
  for (const auto& one : after)
    if (!before.contains(one.key())) add_member(all, one.key(), nullptr, &one.value());
  return all;
}

std::string_view type_of(std::string_view reference) { return reference.substr(0, reference.find('/')); }

/// A patient's name stays out of the log, and who that is in FHIR stands sealed beside it.
void seal_patient(Detail& all) {
  std::erase_if(all, [](const auto& one) { return one.first == "before.name"; });
  for (auto& [name, value] : all) {
    if (name == "after.name") value = "changed";
    if (name.ends_with(".fhir_user") && is_patient(value)) value = std::string(type_of(value));
  }
}

audit::Subjects subjects_of(const Change& change) {
  audit::Subjects subjects;
  std::string last;
  for (const json::object* one : {&change.before, &change.after}) {
    const std::string reference = text_of(*one, "fhir_user");
    if (!is_patient(reference) || reference == last) continue;
    last = reference;
    if (type_of(reference) == "Patient")
      subjects.of.push_back({reference, {}});
    else
      subjects.of.push_back({"", {reference}});
  }
  return subjects;
}

/// What a byte is at most as JSON in the log.
std::size_t written(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '"' || c == '\\') return 2;
  return byte < 0x20 || byte >= 0x7f ? 6 : 1;
}

/// A long value as several: "after.scope", "after.scope#2" ... No character of UTF-8 is torn.
void add_pieces(Detail& all, const std::string& name, std::string_view value) {
  std::size_t number = 1;
  do {
    std::size_t end = 0, bytes = 0;
    for (; end < value.size(); ++end) {
      const bool inside = (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80;
      if (bytes + written(value[end]) > piece_bytes_max && !inside) break;
      bytes += written(value[end]);
    }
    all.emplace_back(number == 1 ? name : name + "#" + std::to_string(number), value.substr(0, end));
    value.remove_prefix(end);
    ++number;
  } while (!value.empty());
}

std::size_t size_of(const Detail& all) {
  std::size_t bytes = 2;
  for (const auto& [name, value] : all) bytes += json_string(name).size() + json_string(value).size() + 4;
  return bytes;
}

Detail in_pieces(const Detail& whole) {
  Detail all;
  for (const auto& [name, value] : whole) add_pieces(all, name, value);
  return all;
}

/// What it was stands in the record that made it so: where both are too long, its hash will do.
void shorten_before(Detail& all) {
  for (auto& [name, value] : all)
    if ((name.starts_with("before.") || name.starts_with("removed.")) && value.size() > kept_before_max)
      value = "sha256:" + hex_encode(crypto::view(crypto::sha256(value)));
}

}  // namespace

bool is_patient(std::string_view fhir_user) {
  return fhir_user.starts_with("Patient/") || fhir_user.starts_with("RelatedPerson/");
}

std::expected<audit::Record, Problem> record_of(const Actor& actor, const Change& change) {
  audit::Record record{.event = std::string(change.event),
                       .action = change.action,
                       .actor = actor.recorded,
                       .roles = actor.roles,
                       .client = actor.client,
                       .ip = actor.ip,
                       .jti = actor.token_id,
                       .request_id = actor.request_id,
                       .cause = change.cause};
  Detail whole{{"name", change.name}};
  if (actor.root) whole.emplace_back("by", "command line");
  Detail members = differences(change.before, change.after);
  record.subjects = Phi<audit::Subjects>(subjects_of(change));
  if (!record.subjects.inside().empty()) seal_patient(members);
  whole.insert(whole.end(), members.begin(), members.end());
  record.detail = in_pieces(whole);
  if (size_of(record.detail) > detail_bytes_max) {
    shorten_before(whole);
    record.detail = in_pieces(whole);
  }
  if (size_of(record.detail) > detail_bytes_max)
    return refuse(422, "record_too_large",
                  "the change is too long to be on record as a whole: make it in smaller steps");
  return record;
}

std::expected<void, Problem> Administration::record(const Actor& actor, const Change& change) {
  auto record = record_of(actor, change);
  if (!record) return std::unexpected(record.error());
  auto receipt = parts.log.append_blocking(std::move(*record));
  if (!receipt) return of_error(receipt.error());
  return {};
}

}  // namespace ward::manage
