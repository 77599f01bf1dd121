#include "token/attempt.hpp"

#include <algorithm>

namespace ward::identity {

Refused check_client_grant(Attempt& attempt) {
  if (std::ranges::find(attempt.client->client.grant_types, "client_credentials") ==
      attempt.client->client.grant_types.end())
    return TokenError{400, "unauthorized_client", "this client is not registered for client_credentials",
                      "grant_not_registered"};
  return {};
}

}  // namespace ward::identity
