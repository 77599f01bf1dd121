#include "base/encoding.hpp"
#include "base/guarded.hpp"
#include "token/attempt.hpp"

namespace ward::identity {

Refused check_client_secret(Attempt& attempt) {
  if (attempt.method != ClientAuthentication::client_secret_basic &&
      attempt.method != ClientAuthentication::client_secret_post)
    return {};
  const std::string given = hash_client_secret(attempt.secret);
  wipe(attempt.secret.data(), attempt.secret.size());
  const std::string nobody(given.size(), '0');
  const std::string expected = attempt.candidate ? ascii_lower(attempt.candidate->client.secret_hash) : nobody;
  const bool equal = constant_time_equal(given, expected);
  if (!equal || attempt.candidate == nullptr) return invalid_client(attempt.candidate ? "secret" : "client_unknown");
  attempt.client = attempt.candidate;
  return {};
}

}  // namespace ward::identity
