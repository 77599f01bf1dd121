// The challenge of RFC 9470: what is asked for needs a proof that is fresher than the caller's.
#pragma once

#include "base/refusal.hpp"
#include "identity/identity.hpp"

#include <chrono>

namespace ward::manage {

/// Nothing if the caller showed two factors `within` that time; else 401 "insufficient_user_authentication", whose
/// header tells an app to send the person to sign in again. `said`: what is needed, for a person.
Allowed<void> demand_fresh_factors(const identity::Caller& caller, WallTime now, std::chrono::seconds within,
                                   const std::string& said);

}  // namespace ward::manage
