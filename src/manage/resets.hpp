// Lost second factors: two administrators take them away, and neither of them is the person.
#pragma once

#include "administration.hpp"

namespace ward::manage {

inline constexpr std::int64_t reset_lifetime = 24 * 3600;  // seconds until a request that nobody confirmed is over

Result<std::map<std::string, ResetRequest, std::less<>>> load_resets(store::Store& store);
Outcome reset_by_root(Administration& all, std::string_view username, std::string_view first, std::string_view second);

/// The one that waits for a person, if any, cannot be confirmed any more.
std::expected<void, Problem> drop_reset(Administration& all, const std::string& username);

}  // namespace ward::manage
