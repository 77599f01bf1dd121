#include "authorize/attempt.hpp"
#include "base/encoding.hpp"

namespace ward::identity::authorize {

Refused check_code_challenge(Attempt& attempt) {
  const auto challenge = attempt.parameters.get("code_challenge");
  const auto method = attempt.parameters.get("code_challenge_method");
  if (!challenge)
    return AuthorizeError{"invalid_request", "code_challenge is missing: PKCE is required", "pkce_missing"};
  // Without a method RFC 7636 means "plain".
  if (!method || *method != "S256")
    return AuthorizeError{"invalid_request", "code_challenge_method must be S256", "pkce_method"};
  const auto hash = base64url_decode(*challenge);
  if (!hash || hash->size() != 32)
    return AuthorizeError{"invalid_request", "code_challenge must be the SHA-256 of the verifier in base64url",
                          "pkce_malformed"};
  attempt.flow.code_challenge = *challenge;
  return {};
}

}  // namespace ward::identity::authorize
