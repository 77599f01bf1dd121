// Client data (WebAuthn section 5.8.1): what the browser says about the ceremony, and the authenticator signs.
#pragma once

#include "passkey.hpp"

namespace ward::factors {

constexpr std::string_view creation_type = "webauthn.create";
constexpr std::string_view request_type = "webauthn.get";

/// Sections 7.1 steps 5 to 11 and 7.2 steps 9 to 14. Errors: "client_data", "type", "challenge", "origin",
/// "cross_origin", "top_origin".
Result<void> check_client_data(std::string_view client_data, std::string_view type, const Expected& expected);

}  // namespace ward::factors
