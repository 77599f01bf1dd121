// How often an answer went out on a NoPhi instead of a Receipt.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace ward::audit {

/// Since the process began, by slug.
std::map<std::string, std::uint64_t> no_phi_counts();

}  // namespace ward::audit
