#include "authorize/attempt.hpp"

namespace ward::identity::authorize {

// A client that is not known, or may not, is told to the person alone: there is nowhere to send it.
Refused check_client(Attempt& attempt) {
  if (attempt.pushing) return {};  // it proved itself
  const auto client_id = attempt.parameters.get("client_id");
  if (!client_id) return AuthorizeError{"invalid_request", "client_id is missing", "client_id_missing", true};
  const KnownClient* client = attempt.directory.client(*client_id);
  if (client == nullptr || client->client.disabled)
    return AuthorizeError{"invalid_client", "client_id is not known here, or its client is disabled",
                          client == nullptr ? "client_unknown" : "client_disabled", true};
  if (!client->client.has_grant("authorization_code"))
    return AuthorizeError{"unauthorized_client", "this client is not registered for authorization_code", "client_grant",
                          true};
  attempt.client = client;
  return {};
}

}  // namespace ward::identity::authorize
