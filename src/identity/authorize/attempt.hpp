// One authorization request (RFC 6749 section 4.1.1) and the list of named checks that it passes.
#pragma once

#include "bounded.hpp"
#include "directory.hpp"
#include "flow.hpp"
#include "form.hpp"
#include "identity.hpp"
#include "launches.hpp"
#include "pushed.hpp"

#include <optional>
#include <span>

namespace ward::identity::authorize {

/// RFC 6749 section 4.1.2.1. Until the redirect URI is proven an error is shown to the person and sent nowhere.
struct AuthorizeError {
  std::string error;
  std::string description;  // for the app's developer
  std::string reason;       // for audit
  bool show = false;
};

struct Attempt {
  const Settings& settings;
  const Snapshot& directory;
  Pushed& pushed;
  Launches& launches;
  WallTime now;
  Form parameters;       // of the query, the body, or what was pushed
  bool pushing = false;  // at the PAR endpoint: the client is proven already
  bool was_pushed = false;

  const KnownClient* client = nullptr;  // by check_client
  bool redirect_proven = false;         // by check_redirect_uri
  Flow flow;                            // grows with each check
};

using Refused = std::optional<AuthorizeError>;
using Check = Refused (*)(Attempt&);

// RFC 6749 section 2.2, 4.1.1
Refused check_client(Attempt&);
// RFC 9126 section 4
Refused check_pushed(Attempt&);
// RFC 9700 section 2.1, RFC 8252 section 7.3
Refused check_redirect_uri(Attempt&);
// OAuth 2.0 Multiple Response Types, Form Post Response Mode
Refused check_response(Attempt&);
// OpenID Connect Core section 6: request objects are not taken
Refused check_request_object(Attempt&);
// RFC 7636 section 4.3, RFC 9700 section 2.1.1
Refused check_code_challenge(Attempt&);
// SMART App Launch 2.2 section 2.1.8 (aud), RFC 8707 section 2
Refused check_audience(Attempt&);
// RFC 6749 section 3.3
Refused check_scope(Attempt&);
// OpenID Connect Core section 3.1.2.1
Refused check_prompt(Attempt&);
// OpenID Connect Core section 5.5, RFC 9470 section 5
Refused check_claims(Attempt&);
// SMART App Launch 2.2 section 2.1.8 (launch)
Refused check_launch(Attempt&);

/// All of them, in order.
Refused run(Attempt& attempt);

}  // namespace ward::identity::authorize
