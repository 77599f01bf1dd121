#include "token/attempt.hpp"

namespace ward::identity {

Refused check_client_enabled(Attempt& attempt) {
  WARD_ASSERT(attempt.client != nullptr);
  if (attempt.client->client.disabled) return invalid_client("client_disabled", "this client is disabled");
  return {};
}

}  // namespace ward::identity
