// POST /api/v1/launches: an EHR says what an app will find open (SMART App Launch 2.2 section 2.1.7).
#include "records.hpp"
#include "room.hpp"

namespace ward::identity {
namespace {

constexpr std::string_view may_launch = "ward/launch";  // a scope word of the EHR's registration

Answer problem(int status, std::string_view title, std::string_view detail) {  // RFC 9457
  Answer answer{status, {{"content-type", "application/problem+json"}, {"cache-control", "no-store"}}, {}, {}, {}};
  append_member(answer.body, "type", "about:blank");
  append_member(answer.body, "title", title);
  append_raw(answer.body, "status", std::to_string(status));
  append_member(answer.body, "detail", detail);
  answer.body += '}';
  return answer;
}

}  // namespace

boost::asio::awaitable<Answer> Room::launch(const FormRequest& request) {
  const auto checked = authenticator(1)->authenticate({.authorization = request.authorization,
                                                       .dpop = request.dpop,
                                                       .method = request.method,
                                                       .path = request.path,
                                                       .certificate = request.certificate});
  if (!checked) {
    Answer answer = problem(checked.error().status, "unauthenticated", "an access token is needed");
    answer.headers.insert(answer.headers.end(), checked.error().headers.begin(), checked.error().headers.end());
    answer.event = Event{"launch_refused", false, {}, {}, {}, {}, checked.error().code};
    co_return answer;
  }
  const Caller& caller = **checked;
  const auto refused = [&](int status, std::string_view title, std::string_view detail) {
    Answer answer = problem(status, title, detail);
    answer.event =
        Event{"launch_refused", false, caller.subject, caller.client_id, {}, caller.token_id, std::string(title)};
    return answer;
  };
  if (!caller.scope.has(may_launch)) co_return refused(403, "scope_missing", "the scope ward/launch is needed");
  if (!request.content_type.starts_with("application/json"))
    co_return refused(415, "media_type", "send application/json");
  auto asked = parse_launch(request.body);
  if (!asked) co_return refused(422, "launch_invalid", asked.error().message());
  auto id = launches_.begin(std::move(*asked), random_, unix_seconds(clock_.wall()));
  if (!id) co_return refused(503, "launches_full", id.error().message());
  Answer answer{201, {{"content-type", "application/json"}, {"cache-control", "no-store"}}, {}, {}, {}};
  append_member(answer.body, "launch", *id);
  append_raw(answer.body, "expires_in", std::to_string(Launches::lifetime));
  answer.body += '}';
  answer.event = Event{"launch_begun", true, caller.subject, caller.client_id, {}, caller.token_id, {}};
  co_return answer;
}

}  // namespace ward::identity
