// Sessions of people's browsers: list and end.
#include "change.hpp"
#include "operations.hpp"

#include <algorithm>

namespace ward::manage {

namespace json = boost::json;

namespace {

json::object shown_session(const identity::Identity::SessionInfo& one) {
  return {{"id", one.id},
          {"username", one.username},
          {"device", one.device},
          {"network", one.network},
          {"amr", one.amr},
          {"created", time_text(one.created)},
          {"last_seen", time_text(one.seen)}};
}

Reply page_of(const std::vector<identity::Identity::SessionInfo>& sessions, std::size_t limit) {
  Reply reply{200, json::array()};
  for (std::size_t i = 0; i < sessions.size() && i < limit; ++i)
    reply.body.as_array().push_back(shown_session(sessions[i]));
  if (sessions.size() > limit) reply.next = sessions[limit - 1].id;
  return reply;
}

}  // namespace

Outcome list_sessions(Administration& all, const Call& call) {
  return page_of(all.parts.identity.sessions_after(call.after, call.limit + 1), call.limit);
}

Outcome list_sessions_of(Administration& all, const Call& call) {
  if (!all.parts.identity.person(call.id)) return not_found("person");
  auto sessions = all.parts.identity.sessions_of(call.id);  // at most 50
  std::ranges::sort(sessions, {}, &identity::Identity::SessionInfo::id);
  std::erase_if(sessions, [&](const auto& one) { return one.id <= call.after; });
  return page_of(sessions, call.limit);
}

Outcome end_session(Administration& all, const Call& call) {
  const auto found = all.parts.identity.session(call.id);
  if (!found) return not_found("session");
  const json::object before = shown_session(*found);
  if (auto kept = all.record(call.actor, {audit::event::session_ended, 'D', found->username, before, {}}); !kept)
    return std::unexpected(kept.error());
  if (auto ended = all.parts.identity.end_session(call.id); !ended && !ended.error().is("not_found"))
    return of_error(ended.error());
  return Reply{204, nullptr};
}

Outcome end_sessions_of(Administration& all, const Call& call) {
  if (!all.parts.identity.person(call.id)) return not_found("person");
  const auto sessions = all.parts.identity.sessions_of(call.id);
  json::object before{{"sessions", sessions.size()}};
  if (auto kept = all.record(call.actor, {audit::event::session_ended, 'D', call.id, before, {{"sessions", 0}}}); !kept)
    return std::unexpected(kept.error());
  auto ended = all.parts.identity.end_sessions(call.id);
  if (!ended) return of_error(ended.error());
  return Reply{200, json::object{{"username", call.id}, {"ended", *ended}}};
}

}  // namespace ward::manage
