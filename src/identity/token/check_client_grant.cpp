#include "token/attempt.hpp"

namespace ward::identity {

Refused check_client_grant(Attempt& attempt) {
  const std::string grant = attempt.form.get("grant_type").value_or("");
  if (!attempt.client->client.has_grant(grant))
    return TokenError{400, "unauthorized_client", "this client is not registered for " + grant, "grant_not_registered"};
  return {};
}

}  // namespace ward::identity
