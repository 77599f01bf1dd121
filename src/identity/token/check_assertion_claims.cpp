#include "token/attempt.hpp"

namespace ward::identity {
namespace {

constexpr std::chrono::seconds assertion_lifetime_max{300};  // SMART 2.2, section 4.1.5.1.3: at most five minutes

// FAPI 2.0 Security Profile section 5.3.2.1: the issuer alone, so that no other server's endpoint can be meant.
std::vector<std::string> audiences(const Attempt& attempt) {
  if (attempt.candidate->client.fapi) return {attempt.settings.issuer};
  return {attempt.settings.token_endpoint(), attempt.settings.issuer, attempt.endpoint};
}

}  // namespace

// The signature is good here, so the client may be told exactly what is wrong.
Refused check_assertion_claims(Attempt& attempt) {
  if (!attempt.proof) return {};
  const std::string& client_id = attempt.candidate->client.client_id;
  const crypto::ClaimRules rules{.issuer = client_id,
                                 .audiences = audiences(attempt),
                                 .skew = attempt.settings.skew,
                                 .lifetime_max = assertion_lifetime_max,
                                 .token_id = true};
  if (attempt.proof->claim("sub") != client_id)
    return invalid_client("assertion_subject", "iss and sub must both be the client_id");
  if (auto checked = attempt.proof->check(rules, attempt.now); !checked)
    return invalid_client("assertion_" + std::string(checked.error().code()), checked.error().message());
  return {};
}

}  // namespace ward::identity
