#include "authorize/attempt.hpp"
#include "records.hpp"

#include <algorithm>

namespace ward::identity::authorize {

Refused check_redirect_uri(Attempt& attempt) {
  const auto& registered = attempt.client->client.redirect_uris;
  auto uri = attempt.parameters.get("redirect_uri");
  if (!uri) return AuthorizeError{"invalid_request", "redirect_uri is missing", "redirect_uri_missing", true};
  if (std::ranges::none_of(registered, [&](const std::string& one) { return same_redirect_uri(one, *uri); }))
    return AuthorizeError{"invalid_request",
                          "redirect_uri is not one of the client's registered ones; it must be the same byte for byte "
                          "(a loopback port may differ)",
                          "redirect_uri_unknown", true};
  attempt.flow.client_id = attempt.client->client.client_id;
  attempt.flow.redirect_uri = std::move(*uri);
  attempt.flow.state = attempt.parameters.get("state").value_or("");
  attempt.flow.response_mode = "query";
  attempt.redirect_proven = true;
  if (attempt.flow.state.size() > 2048) {
    attempt.flow.state.clear();
    return AuthorizeError{"invalid_request", "state is longer than 2048 bytes", "state_too_long"};
  }
  return {};
}

}  // namespace ward::identity::authorize
