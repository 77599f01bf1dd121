#include "token/attempt.hpp"
#include "token/refresh_token.hpp"

namespace ward::identity {
namespace {

constexpr std::string_view unusable = "the refresh token is unknown, over, revoked, or another client's";
constexpr std::int64_t retry_seconds = 60;  // identity.md, "Traps": an answer that got lost

/// Who shows the same key again may have lost our answer; anybody else who shows a used token has a copy of it.
bool proves_key(const Attempt& attempt) {
  const Agreement& agreement = *attempt.agreement;
  if (!agreement.key_thumbprint.empty()) return attempt.key_thumbprint == agreement.key_thumbprint;
  if (!agreement.certificate_thumbprint.empty())
    return attempt.certificate && attempt.certificate->thumbprint() == agreement.certificate_thumbprint;
  return attempt.method == ClientAuthentication::private_key_jwt ||
         attempt.method == ClientAuthentication::tls_client_auth ||
         attempt.method == ClientAuthentication::self_signed_tls_client_auth;
}

}  // namespace

Refused check_refresh_token(Attempt& attempt) {
  const auto text = attempt.form.get("refresh_token");
  if (!text) return invalid_request("refresh_token is missing", "refresh_token_missing");
  const auto token = read_refresh_token(*text, attempt.refresh_key);
  if (!token) return invalid_grant(std::string(unusable), "refresh_token_unknown");
  attempt.agreement = attempt.agreements.find(token->agreement);
  if (!attempt.agreement || attempt.agreement->ends <= unix_seconds(attempt.now))
    return invalid_grant(std::string(unusable), "refresh_token_over");
  const Agreement& agreement = *attempt.agreement;
  if (agreement.client_id != attempt.client->client.client_id)
    return invalid_grant(std::string(unusable), "refresh_token_of_another_client");
  const std::string hash = hash_refresh_token(*text);
  if (constant_time_equal(hash, agreement.refresh_hash)) return {};
  const bool retry = constant_time_equal(hash, agreement.previous_hash) && proves_key(attempt) &&
                     unix_seconds(attempt.now) - agreement.refreshed <= retry_seconds;
  if (retry) {
    attempt.successor = open_successor(*text, agreement.successor).value_or("");
    if (!attempt.successor.empty()) return {};
  }
  attempt.ends_agreement = true;
  return invalid_grant(std::string(unusable), "refresh_token_reused");
}

Refused check_refresh_binding(Attempt& attempt) {
  const Agreement& agreement = *attempt.agreement;
  if (!agreement.key_thumbprint.empty() && attempt.key_thumbprint != agreement.key_thumbprint)
    return invalid_grant("the refresh token is bound to another DPoP key", "dpop_key_mismatch");
  if (!agreement.certificate_thumbprint.empty() &&
      (!attempt.certificate || attempt.certificate->thumbprint() != agreement.certificate_thumbprint))
    return invalid_grant("the refresh token is bound to another certificate", "certificate_mismatch");
  return {};
}

Refused check_refresh_scope(Attempt& attempt) {
  const auto given = scope::ScopeSet::parse(attempt.agreement->scope);
  if (!given) return invalid_grant("the agreement's scope cannot be read", "scope_damaged");
  attempt.granted = *given;
  const auto text = attempt.form.get("scope");
  if (!text) return {};
  const auto asked = scope::ScopeSet::parse(*text);
  if (!asked) return TokenError{400, "invalid_scope", "a scope is malformed", "scope_malformed"};
  attempt.granted = given->narrow(*asked);
  if (attempt.granted.text() != asked->text())
    return TokenError{400, "invalid_scope", "scope may only be less than what was granted", "scope_wider"};
  return {};
}

}  // namespace ward::identity
