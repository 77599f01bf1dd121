#include "token/attempt.hpp"

namespace ward::identity {

Refused check_dpop(Attempt& attempt) {
  const OAuthClient& client = attempt.client->client;
  if (attempt.request.dpop.empty()) {
    if (client.dpop_bound_access_tokens)
      return TokenError{400, "invalid_dpop_proof", "this client's tokens are bound: send a DPoP proof", "dpop_missing"};
    if (client.tls_client_certificate_bound_access_tokens && !attempt.certificate)
      return invalid_request("this client's tokens are bound to its certificate: use the mtls address",
                             "certificate_absent");
    return {};
  }
  const auto proof = attempt.proofs.check(
      attempt.request.dpop, {.method = "POST", .url = attempt.endpoint, .access_token = {}, .expected_jkt = {}},
      attempt.now);
  if (proof) {
    attempt.key_thumbprint = proof->jkt;
    return {};
  }
  const std::string code(proof.error().code());
  if (code == "use_dpop_nonce") return TokenError{400, code, "use the nonce of the DPoP-Nonce header", code};
  if (code == "dpop_full")
    return TokenError{503, "temporarily_unavailable", "too many proofs are in their lifetime", code};
  return TokenError{400, "invalid_dpop_proof", proof.error().message(), code};
}

}  // namespace ward::identity
