// /api/v1/relationships: create (again: the same one, with other times), list, end.
#include "change.hpp"
#include "operations.hpp"

#include <algorithm>

namespace ward::manage {

namespace json = boost::json;

namespace {

std::int64_t seconds_of(std::int64_t ms) { return ms / 1000; }

json::object shown(const PushedRelationship& one) {
  json::object all{{"id", one.id}, {"person", one.person}, {"patient", one.patient}, {"kind", one.kind}};
  if (!one.source.empty()) all["source"] = one.source;
  if (one.from_ms != INT64_MIN) all["from"] = time_text(seconds_of(one.from_ms));
  if (one.until_ms != INT64_MAX) all["until"] = time_text(seconds_of(one.until_ms));
  return all;
}

/// As records have it: the patient's reference is sealed there.
json::object recorded(const PushedRelationship& one) {
  json::object all = shown(one);
  all.erase("patient");
  all.erase("id");
  if (is_patient(one.person)) all.erase("person");  // whose name is PHI
  all["fhir_user"] = one.kind == "member" ? one.patient : "Patient/" + one.patient;
  return all;
}

bool is_reference(std::string_view text, std::initializer_list<std::string_view> types) {
  const std::size_t slash = text.find('/');
  return slash != text.npos && slash + 1 < text.size() && text.size() <= 128 &&
         std::find(types.begin(), types.end(), text.substr(0, slash)) != types.end() &&
         is_word(text.substr(slash + 1), ".-", 64);
}

/// 0 for a time that cannot be read.
std::optional<std::int64_t> time_of(const json::object& body, std::string_view name, std::int64_t otherwise) {
  const std::string text = text_of(body, name);
  if (text.empty()) return otherwise;
  const auto time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  return time->time_since_epoch().count();
}

std::expected<PushedRelationship, Problem> read(const json::object& body) {
  PushedRelationship one{.id = "",
                         .person = text_of(body, "person"),
                         .patient = text_of(body, "patient"),
                         .kind = text_of(body, "kind"),
                         .source = text_of(body, "source")};
  std::vector<Problem::At> wrong;
  if (!is_reference(one.person, {"Practitioner", "PractitionerRole", "Organization", "RelatedPerson", "Patient"}))
    wrong.push_back({"#/person", "is a reference to who is related, as in \"Practitioner/3\""});
  if (one.kind == "member") {
    if (!is_reference(one.patient, {"Organization", "PractitionerRole"}))
      wrong.push_back({"#/patient", "of kind member is the group, as in \"Organization/2\""});
  } else {
    if (one.patient.starts_with("Patient/")) one.patient.erase(0, 8);
    if (!is_word(one.patient, ".-", 64)) wrong.push_back({"#/patient", "is the id of a patient"});
  }
  const auto from = time_of(body, "from", INT64_MIN), until = time_of(body, "until", INT64_MAX);
  if (!from) wrong.push_back({"#/from", "is a time as in RFC 3339"});
  if (!until) wrong.push_back({"#/until", "is a time as in RFC 3339"});
  if (from && until && *from >= *until) wrong.push_back({"#/until", "must be after `from`"});
  if (!wrong.empty()) return refuse(422, "body_invalid", "the body does not hold", std::move(wrong));
  one.from_ms = *from;
  one.until_ms = *until;
  one.id = Relationships::id_of(one.person, one.patient, one.kind);
  return one;
}

}  // namespace

Outcome list_relationships(Administration& all, const Call& call) {
  const auto found = all.relationships->after(call.after, call.limit + 1);
  Reply reply{200, json::array()};
  for (std::size_t i = 0; i < found.size() && i < call.limit; ++i) reply.body.as_array().push_back(shown(found[i]));
  if (found.size() > call.limit) reply.next = found[call.limit - 1].id;
  return reply;
}

Outcome create_relationship(Administration& all, const Call& call) {
  auto one = read(call.body);
  if (!one) return std::unexpected(one.error());
  const auto before = all.relationships->find(one->id);
  const Reply reply{before ? 200 : 201, shown(*one)};
  if (before && shown(*before) == reply.body.as_object()) return reply;
  if (auto kept = all.record(call.actor, {audit::event::relationship_changed, before ? 'U' : 'C', one->id,
                                          before ? recorded(*before) : json::object(), recorded(*one)});
      !kept)
    return std::unexpected(kept.error());
  if (auto put = all.relationships->put(std::move(*one)); !put) return of_error(put.error());
  return reply;
}

Outcome get_relationship(Administration& all, const Call& call) {
  const auto found = all.relationships->find(call.id);
  if (!found) return not_found("relationship");
  return Reply{200, shown(*found)};
}

Outcome end_relationship(Administration& all, const Call& call) {
  const auto before = all.relationships->find(call.id);
  if (!before) return not_found("relationship");
  if (auto kept = all.record(call.actor, {audit::event::relationship_changed, 'D', before->id, recorded(*before), {}});
      !kept)
    return std::unexpected(kept.error());
  if (auto removed = all.relationships->remove(call.id); !removed) return of_error(removed.error());
  return Reply{204, nullptr};
}

}  // namespace ward::manage
