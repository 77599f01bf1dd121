// The authorization endpoint (RFC 6749 section 3.1).
#include "authorize/attempt.hpp"
#include "web/visit.hpp"

namespace ward::identity::web {
namespace {

std::string_view page_key(std::string_view reason) {
  if (reason.starts_with("redirect_uri")) return "error.redirect_uri";
  if (reason.starts_with("client_")) return "error.client_unknown";
  return "error.request_invalid";
}

Answer shown(Visit& visit, const authorize::Attempt& attempt, const authorize::AuthorizeError& error) {
  Answer answer = error_page(visit, 400, page_key(error.reason), error.error, error.description);
  answer.event = Event{"authorization_refused",
                       false,
                       {},
                       attempt.parameters.get("client_id").value_or("").substr(0, 64),
                       {},
                       {},
                       error.reason};
  return answer;
}

}  // namespace

boost::asio::awaitable<Answer> authorize(const FormRequest& request, Room& room) {
  auto arrived = arrive(request, room);
  if (!arrived) co_return std::move(arrived.error());
  Visit& visit = **arrived;
  const bool post = request.method == "POST";
  if (post && !is_form_type(request.content_type))
    co_return error_page(visit, 415, "error.request_invalid", "invalid_request", "POST a form");
  auto parameters = Form::parse(post ? request.body : request.query);
  if (!parameters)
    co_return error_page(visit, 400, "error.request_invalid", "invalid_request", parameters.error().message());
  authorize::Attempt attempt{.settings = visit.settings(),
                             .directory = *visit.directory,
                             .pushed = room.pushed(),
                             .launches = room.launches(),
                             .now = visit.now,
                             .parameters = std::move(*parameters),
                             .flow = {}};
  attempt.flow.created = visit.now.time_since_epoch().count();
  attempt.flow.browser = visit.browser_hash;
  const auto refused = authorize::run(attempt);
  if (refused && (refused->show || !attempt.redirect_proven)) co_return shown(visit, attempt, *refused);
  visit.flow = std::move(attempt.flow);
  visit.language = pages::choose_language(visit.flow->ui_locales, request.accept_language);
  if (refused) co_return refuse_flow(visit, refused->error, refused->description, refused->reason);
  Answer answer = co_await proceed(visit);
  co_return answer;
}

}  // namespace ward::identity::web
