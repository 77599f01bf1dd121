// One attempt at the token or revocation endpoint, and the list of named checks that it passes.
#pragma once

#include "agreements.hpp"
#include "bounded.hpp"
#include "client_certificate.hpp"
#include "directory.hpp"
#include "dpop.hpp"
#include "form.hpp"
#include "identity.hpp"

#include <optional>
#include <span>

namespace ward::identity {

/// RFC 6749 section 5.2. `description` is for the client's developer and keeps to its characters; `reason` is for
/// audit.
struct TokenError {
  int status = 400;
  std::string error;
  std::string description;
  std::string reason;
};

/// What is known so far. Each check reads what those before it have proven, and adds its own.
struct Attempt {
  const FormRequest& request;
  const Settings& settings;
  const Snapshot& directory;
  SeenIds& assertions;
  Agreements& agreements;
  DpopProofs& proofs;
  WallTime now;
  const Secret<std::string>& refresh_key;
  std::string endpoint;  // our own address of it: what a DPoP proof must be for

  Form form;                      // by check_form
  ClientAuthentication method{};  // by check_client_method
  std::string claimed_client;     // by check_client_method; proven with `client`
  std::string secret;
  std::optional<crypto::UnverifiedJwt> assertion;
  const KnownClient* candidate = nullptr;        // by check_client_known: named, not yet proven
  std::optional<crypto::KeySet> fetched;         // by Room::prove_client: the candidate's keys, if it has a jwks_uri
  std::optional<crypto::Jwt> proof;              // by check_assertion_signature
  const KnownClient* client = nullptr;           // by check_assertion_once or check_client_secret: proven
  scope::ScopeSet granted;                       // by check_scope
  std::optional<ClientCertificate> certificate;  // by check_client_certificate, where the client has one
  std::string key_thumbprint;                    // by check_dpop: the key that the tokens will be bound to
  std::optional<Agreement> agreement;            // by check_code, check_refresh_token
  std::string successor;                         // by check_refresh_token: a retry gets the same one again
  bool ends_agreement = false;                   // a check saw a replay: what was given ends
};

using Refused = std::optional<TokenError>;
using Check = Refused (*)(Attempt&);

// RFC 6749 section 3.2
Refused check_form(Attempt&);
// RFC 6749 section 4.4.2
Refused check_grant_type(Attempt&);
// RFC 6749 section 2.3, RFC 7521 section 4.2
Refused check_client_method(Attempt&);
// RFC 6749 section 2.3
Refused check_client_known(Attempt&);
// RFC 6749 section 2.3.1
Refused check_client_secret(Attempt&);
// RFC 7523 section 3, point 9
Refused check_assertion_signature(Attempt&);
// RFC 7523 section 3, points 1 to 6, 8
Refused check_assertion_claims(Attempt&);
// RFC 7523 section 3, point 7
Refused check_assertion_once(Attempt&);
// RFC 8705 section 2
Refused check_client_certificate(Attempt&);
// RFC 9449 section 5
Refused check_dpop(Attempt&);
// RFC 6749 section 4.1.3, RFC 9700 section 2.1.1: known, of this client, not over
Refused check_code(Attempt&);
// RFC 6749 section 4.1.3
Refused check_code_redirect_uri(Attempt&);
// RFC 7636 section 4.6
Refused check_code_verifier(Attempt&);
// RFC 9449 section 10, RFC 8705 section 3
Refused check_code_binding(Attempt&);
// RFC 6749 section 6, RFC 9700 section 4.14
Refused check_refresh_token(Attempt&);
// RFC 9449 section 5, RFC 8705 section 4
Refused check_refresh_binding(Attempt&);
// RFC 6749 section 6: less than was granted, never more
Refused check_refresh_scope(Attempt&);
// The person and the client behind an agreement still may
Refused check_agreement(Attempt&);
// RFC 6749 section 5.2, unauthorized_client
Refused check_client_enabled(Attempt&);
// RFC 6749 section 4.4
Refused check_client_grant(Attempt&);
// RFC 8707 section 2
Refused check_resource(Attempt&);
// RFC 6749 section 3.3
Refused check_scope(Attempt&);

/// The first refusal of a list, if any.
Refused run(std::span<const Check> checks, Attempt& attempt);

/// Client authentication, which all endpoints share: who it says it is, and then whether it is. Between them its keys
/// are fetched, where it publishes them (Room::prove_client).
extern const std::span<const Check> client_named, client_proven;

/// The keys to prove the candidate with.
inline const crypto::KeySet& keys_of(const Attempt& attempt) {
  return attempt.fetched ? *attempt.fetched : attempt.candidate->keys;
}

inline TokenError invalid_request(std::string description, std::string reason) {
  return {400, "invalid_request", std::move(description), std::move(reason)};
}
inline TokenError invalid_grant(std::string description, std::string reason) {
  return {400, "invalid_grant", std::move(description), std::move(reason)};
}
/// One sentence for all that could tell which clients and keys exist.
inline TokenError invalid_client(std::string reason, std::string description = "client authentication failed") {
  return {401, "invalid_client", std::move(description), std::move(reason)};
}

}  // namespace ward::identity
