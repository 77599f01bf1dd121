#include "authorize/attempt.hpp"

namespace ward::identity::authorize {

Refused check_pushed(Attempt& attempt) {
  const auto uri = attempt.parameters.get("request_uri");
  if (attempt.pushing)
    return uri ? Refused(AuthorizeError{"invalid_request", "request_uri cannot be pushed", "request_uri_pushed", true})
               : Refused();
  const OAuthClient& client = attempt.client->client;
  if (!uri) {
    if (client.require_pushed_authorization_requests || client.fapi)
      return AuthorizeError{"invalid_request", "this client must push its request to /oauth/par first", "push_required",
                            true};
    return {};
  }
  if (!uri->starts_with(Pushed::prefix))
    return AuthorizeError{"invalid_request_uri", "request_uri must be one that /oauth/par gave", "request_uri_foreign",
                          true};
  auto found = attempt.pushed.take(std::string_view(*uri).substr(Pushed::prefix.size()), unix_seconds(attempt.now));
  if (!found || found->client_id != client.client_id)
    return AuthorizeError{"invalid_request_uri",
                          "request_uri is unknown, was used, is older than 90 seconds, or another client's",
                          found ? "request_uri_of_another_client" : "request_uri_unknown", true};
  auto parameters = Form::parse(found->parameters);
  if (!parameters) return AuthorizeError{"server_error", "the pushed request is damaged", "pushed_damaged", true};
  attempt.parameters = std::move(*parameters);
  attempt.was_pushed = true;
  return {};
}

}  // namespace ward::identity::authorize
