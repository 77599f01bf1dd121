#include "token/attempt.hpp"

namespace ward::identity {

// A client uses the method that it registered, and no weaker one.
Refused check_client_known(Attempt& attempt) {
  const KnownClient* client = attempt.directory.client(attempt.claimed_client);
  if (client != nullptr && client->client.authentication == attempt.method) attempt.candidate = client;
  // An unknown client's secret is compared too, so that the answer takes as long.
  const bool by_secret = attempt.method == ClientAuthentication::client_secret_basic ||
                         attempt.method == ClientAuthentication::client_secret_post;
  if (attempt.candidate == nullptr && !by_secret)
    return invalid_client(client == nullptr ? "client_unknown" : "client_method");
  return {};
}

}  // namespace ward::identity
