#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "token/attempt.hpp"

namespace ward::identity {
namespace {

constexpr std::string_view unusable = "the code is unknown, was used, is over, or is another client's";

}  // namespace

Refused check_code(Attempt& attempt) {
  const auto code = attempt.form.get("code");
  if (!code) return invalid_request("code is missing", "code_missing");
  attempt.agreement = attempt.agreements.by_code(hex_encode(crypto::view(crypto::sha256(*code))));
  if (!attempt.agreement) return invalid_grant(std::string(unusable), "code_unknown");
  if (attempt.agreement->client_id != attempt.client->client.client_id)
    return invalid_grant(std::string(unusable), "code_of_another_client");
  if (attempt.agreement->code_used) {
    attempt.ends_agreement = true;  // RFC 6749 section 4.1.2: somebody else may have it
    return invalid_grant(std::string(unusable), "code_replayed");
  }
  if (unix_seconds(attempt.now) >= attempt.agreement->code_ends)
    return invalid_grant(std::string(unusable), "code_expired");
  return {};
}

Refused check_code_redirect_uri(Attempt& attempt) {
  const auto uri = attempt.form.get("redirect_uri");
  if (!uri) return invalid_request("redirect_uri is missing", "redirect_uri_missing");
  if (*uri != attempt.agreement->redirect_uri)
    return invalid_grant("redirect_uri is not the one that the code was sent to", "redirect_uri_mismatch");
  return {};
}

Refused check_code_verifier(Attempt& attempt) {
  const auto verifier = attempt.form.get("code_verifier");
  if (!verifier) return invalid_request("code_verifier is missing", "verifier_missing");
  const bool well_formed = verifier->size() >= 43 && verifier->size() <= 128 &&
                           verifier->find_first_not_of(
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") == verifier->npos;
  if (!well_formed)
    return invalid_request("code_verifier must be 43 to 128 unreserved characters", "verifier_malformed");
  if (!constant_time_equal(base64url_encode(crypto::view(crypto::sha256(*verifier))),
                           attempt.agreement->code_challenge))
    return invalid_grant("code_verifier does not fit the code_challenge", "verifier_wrong");
  return {};
}

Refused check_code_binding(Attempt& attempt) {
  const std::string& promised = attempt.agreement->key_thumbprint;
  if (!promised.empty() && promised != attempt.key_thumbprint)
    return invalid_grant("the code was asked for with another DPoP key", "dpop_key_mismatch");
  return {};
}

}  // namespace ward::identity
