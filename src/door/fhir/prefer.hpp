// Prefer: return= (RFC 7240; R4 http.html 3.1.0.1.9): what the answer to a change holds.
#pragma once

#include <cstdint>
#include <string_view>

namespace ward::door {

enum class Return : std::uint8_t { unsaid, minimal, representation, outcome };

/// The first `return` that a Prefer header names; what is none of R4's three is as if it were not said.
Return preferred_return(std::string_view prefer);

}  // namespace ward::door
