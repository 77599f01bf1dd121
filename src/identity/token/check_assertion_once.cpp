#include "token/attempt.hpp"

namespace ward::identity {

// One step takes the id and says whether it was there: of two that race, one wins.
Refused check_assertion_once(Attempt& attempt) {
  if (!attempt.proof) return {};
  const std::string& client_id = attempt.candidate->client.client_id;
  const std::int64_t ends = attempt.proof->time("exp").value_or(0) + attempt.settings.skew.count();
  switch (attempt.assertions.take(client_id, attempt.proof->claim("jti"), ends, unix_seconds(attempt.now))) {
    case SeenIds::Outcome::fresh:
      break;
    case SeenIds::Outcome::seen:
      return invalid_client("assertion_replayed", "this jti was used before; each assertion needs its own");
    case SeenIds::Outcome::full:
      return TokenError{503, "temporarily_unavailable",
                        "too many assertions are in their lifetime; try again in a minute", "assertions_full"};
  }
  attempt.client = attempt.candidate;
  return {};
}

}  // namespace ward::identity
