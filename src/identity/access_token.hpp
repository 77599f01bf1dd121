// Access tokens of our own (RFC 9068): made and read.
#pragma once

#include "crypto/jose.hpp"
#include "crypto/keys.hpp"
#include "identity.hpp"

#include <mutex>

namespace ward::identity {

/// What a token is to say.
struct TokenPlan {
  Caller::Kind kind = Caller::Kind::client;
  std::string subject, client_id;
  std::string fhir_user;
  std::vector<std::string> roles;
  std::string scope;
  std::string purpose;
  std::uint64_t generation = 0;
  std::chrono::seconds lifetime{300};
  // Of tokens that a person agreed to.
  std::string agreement, patient, encounter, acr;
  std::int64_t auth_time = 0;
  std::string key_thumbprint, certificate_thumbprint;  // cnf (RFC 9449 section 6, RFC 8705 section 3.1)
};

/// `act` of a token (RFC 8693 section 4.1): a RelatedPerson acts, for the patient that the token's `patient` names.
/// Empty for everybody else.
std::string acting(const Settings& settings, std::string_view subject, std::string_view fhir_user,
                   std::string_view patient);

/// What an ID token is to say (OpenID Connect Core section 2).
struct IdTokenPlan {
  std::string subject, client_id, nonce, acr, amr, fhir_user, name, preferred_username, session;
  std::int64_t auth_time = 0;
  std::string algorithm = "ES256";
};

/// Signs with the ring's current key, verifies with its current and previous ones. Any thread.
class AccessTokens {
 public:
  AccessTokens(crypto::KeyRing& ring, Clock& clock, Random& random) : ring_(ring), clock_(clock), random_(random) {}

  struct Issued {
    std::string token, token_id;
  };
  /// Makes the first key, if there is none: who fetches the JWKS before the first token must not remember it empty.
  Result<void> prepare();
  Result<Issued> issue(const Settings& settings, const TokenPlan& plan);
  Result<std::string> issue_id_token(const Settings& settings, const IdTokenPlan& plan);
  /// `answer`: the JSON of an introspection (RFC 9701 section 5).
  Result<std::string> issue_introspection(const Settings& settings, std::string_view audience, std::string_view answer);
  /// Follows the ring: a rotated or retired key counts from the next call on.
  crypto::KeySet keys();
  /// Grows when a key went away: what was checked with it must be checked again.
  std::uint64_t keys_epoch() const { return epoch_.load(std::memory_order_acquire); }

 private:
  crypto::KeyRing& ring_;
  Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  crypto::KeySet known_;
  std::atomic<std::uint64_t> epoch_{1};
};

/// A verified token of our own as a caller, or error "token_claims". Roles and fhirUser come from the directory later.
Result<Caller> read_claims(const crypto::Jwt& token);

}  // namespace ward::identity
