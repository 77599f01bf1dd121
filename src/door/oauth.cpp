// The authorization server's endpoints: identity decides, the door sends and records.
#include "handlers.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

std::string_view event_of(const identity::Event& event) {
  if (event.name == "token_issued") return audit::event::token_issued;
  if (event.name == "token_revoked") return audit::event::token_revoked;
  return audit::event::token_refused;
}

void record_event(audit::Record& record, const identity::Event& event) {
  record.event = event_of(event);
  record.outcome = event.success ? audit::Outcome::success : audit::Outcome::refused;
  if (event.success)
    record.actor = event.actor;
  else if (!event.actor.empty())
    record.detail.emplace_back("claimed", event.actor);
  record.client = event.client_id;
  record.jti = event.token_id;
  if (!event.scope.empty()) record.detail.emplace_back("scope", event.scope);
  if (!event.reason.empty()) record.cause = event.reason;
}

}  // namespace

boost::asio::awaitable<Allowed<void>> handle_oauth(Exchange& x) {
  const std::string what = x.rest.empty() ? "" : x.rest[0];
  x.record.route = "/oauth/" + what;
  if (x.rest.size() != 1 || (what != "token" && what != "revoke" && what != "jwks"))
    co_return refuse({.status = 404,
                      .code = "not_found",
                      .kind = CauseKind::protocol,
                      .cause = "path",
                      .issues = {{.code = "not-found", .diagnostics = "there is nothing under this path"}}});
  if (what == "jwks") co_return handle_documents(x);
  if (!x.method_is("POST"))
    co_return refuse({.status = 405,
                      .code = "method_not_allowed",
                      .kind = CauseKind::protocol,
                      .cause = "method",
                      .issues = {{.code = "not-supported", .diagnostics = "use POST"}},
                      .headers = {{"allow", "POST"}}});
  const identity::FormRequest form{.content_type = x.header("content-type"),
                                   .authorization = x.header("authorization"),
                                   .body = x.content.bytes.view(),
                                   .has_query = x.stream.head().has_query};
  identity::Answer answer = what == "token" ? x.services.identity.token(form) : x.services.identity.revoke(form);
  record_event(x.record, answer.event);
  x.answer.status = answer.status;
  x.answer.headers = std::move(answer.headers);
  x.answer.body = access::Sendable::without_phi(Buffer(answer.body));
  co_return Allowed<void>{};
}

}  // namespace ward::door
