// One attempt at the token or revocation endpoint, and the list of named checks that it passes.
#pragma once

#include "bounded.hpp"
#include "directory.hpp"
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
  WallTime now;

  Form form;                      // by check_form
  ClientAuthentication method{};  // by check_client_method
  std::string claimed_client;     // by check_client_method; proven with `client`
  std::string secret;
  std::optional<crypto::UnverifiedJwt> assertion;
  const KnownClient* candidate = nullptr;  // by check_client_known: named, not yet proven
  std::optional<crypto::Jwt> proof;        // by check_assertion_signature
  const KnownClient* client = nullptr;     // by check_assertion_once or check_client_secret: proven
  scope::ScopeSet granted;                 // by check_scope
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

/// Client authentication alone, which the revocation endpoint shares.
extern const std::span<const Check> client_checks;

inline TokenError invalid_request(std::string description, std::string reason) {
  return {400, "invalid_request", std::move(description), std::move(reason)};
}
/// One sentence for all that could tell which clients and keys exist.
inline TokenError invalid_client(std::string reason, std::string description = "client authentication failed") {
  return {401, "invalid_client", std::move(description), std::move(reason)};
}

}  // namespace ward::identity
