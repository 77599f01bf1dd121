// Checks that registration and assertion share.
#pragma once

#include "authenticator_data.hpp"
#include "passkey.hpp"

namespace ward::factors {

/// Sections 7.1 steps 14 to 17 and 7.2 steps 15 to 18. Errors: "rp_id", "user_present", "user_verified",
/// "backup_state".
Result<void> check_authenticator_data(const AuthenticatorData& data, const Expected& expected);

}  // namespace ward::factors
