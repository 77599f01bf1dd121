// /api/v1/emergencies: open cases, and that somebody looked at one.
#include "change.hpp"
#include "operations.hpp"

namespace ward::manage {

namespace json = boost::json;

namespace {

json::object shown(const EmergencyCase& one) {
  json::object all{{"id", one.id},
                   {"person", one.person},
                   {"patient", one.patient},
                   {"from", time_text(one.from_ms / 1000)},
                   {"until", time_text(one.until_ms / 1000)},
                   {"state", one.reviewed_by.empty() ? "open" : "reviewed"}};
  if (!one.reviewed_by.empty()) {
    all["reviewed_by"] = one.reviewed_by;
    all["note"] = one.note;
  }
  return all;
}

std::unexpected<Problem> closed() { return refuse(503, "unavailable", "emergencies are not kept by this process"); }

}  // namespace

Outcome list_emergencies(Administration& all, const Call& call) {
  if (all.emergencies == nullptr) return closed();
  const auto found = all.emergencies->open_after(call.after, call.limit + 1);
  Reply reply{200, json::array()};
  for (std::size_t i = 0; i < found.size() && i < call.limit; ++i) reply.body.as_array().push_back(shown(found[i]));
  if (found.size() > call.limit) reply.next = found[call.limit - 1].id;
  return reply;
}

Outcome get_emergency(Administration& all, const Call& call) {
  if (all.emergencies == nullptr) return closed();
  const auto found = all.emergencies->find(call.id);
  if (!found) return not_found("emergency");
  return Reply{200, shown(*found)};
}

Outcome review_emergency(Administration& all, const Call& call) {
  if (all.emergencies == nullptr) return closed();
  const auto found = all.emergencies->find(call.id);
  if (!found) return not_found("emergency");
  if (!found->reviewed_by.empty()) return refuse(409, "reviewed", "this case was reviewed already");
  const std::string by = call.actor.recorded.empty() ? "root" : call.actor.recorded;
  if (by == found->person) return refuse(409, "own_case", "somebody else reviews what one opened oneself");
  json::object before{{"state", "open"}, {"fhir_user", "Patient/" + found->patient}};
  json::object after{{"state", "reviewed"}, {"fhir_user", "Patient/" + found->patient}};
  if (auto kept = all.record(call.actor, {audit::event::emergency_reviewed, 'U', found->id, before, after}); !kept)
    return std::unexpected(kept.error());
  if (auto done = all.emergencies->review(found->id, by, text_of(call.body, "note")); !done)
    return of_error(done.error());
  const auto now = all.emergencies->find(call.id);
  return Reply{200, shown(now ? *now : *found)};
}

}  // namespace ward::manage
