// Administration: manage decides and changes, the door brings the caller and sends the answer.
#include "handlers.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

constexpr std::size_t prefix_segments = 2;  // "api", "v1"

Allowed<void> tell_description(Exchange& x) {
  if (!x.method_is("GET") && !x.method_is("HEAD"))
    return refuse({.status = 405,
                   .code = "method_not_allowed",
                   .kind = CauseKind::protocol,
                   .cause = "method",
                   .headers = {{"allow", "GET"}}});
  if (!x.rest.empty())
    return refuse({.status = 404, .code = "not_found", .kind = CauseKind::protocol, .cause = "path"});
  x.answer.header("content-type", "application/json");
  x.answer.header("cache-control", "public, max-age=300");
  x.answer.header("access-control-allow-origin", "*");
  x.answer.body = access::Sendable::without_phi(Buffer(x.services.manage.description()));
  return {};
}

manage::Request request_of(Exchange& x) {
  const identity::Caller& caller = *x.caller;
  const bool person = caller.kind == identity::Caller::Kind::person;
  return {.method = std::string(x.stream.head().method),
          .segments = {x.segments.begin() + prefix_segments, x.segments.end()},
          .query = x.query,
          .content_type = std::string(x.header("content-type")),
          .idempotency_key = std::string(x.header("idempotency-key")),
          .body = std::string(x.content.bytes.view()),
          .actor = {.username = person ? caller.subject : std::string(),
                    .recorded = actor_of(caller),
                    .client = caller.client_id,
                    .token_id = caller.token_id,
                    .ip = x.stream.peer().address.to_string(),
                    .request_id = x.request_id,
                    .roles = caller.roles},
          .caller = (person ? "person " : "client ") + subject_key(caller) + " " + caller.client_id};
}

}  // namespace

boost::asio::awaitable<Allowed<void>> handle_manage(Exchange& x) {
  if (x.route->name == manage_description) co_return tell_description(x);
  manage::Request request = request_of(x);
  manage::Answer answer = co_await x.services.manage.serve(std::move(request));
  x.record.route = std::move(answer.route);
  x.record.cause = std::move(answer.cause);
  if (answer.status >= 400) {
    x.record.event = audit::event::refusal;
    x.record.outcome = answer.status >= 500 ? audit::Outcome::failed : audit::Outcome::refused;
  }
  x.answer.status = answer.status;
  x.answer.headers = std::move(answer.headers);
  x.answer.body = access::Sendable::without_phi(Buffer(answer.body));
  co_return Allowed<void>{};
}

}  // namespace ward::door
