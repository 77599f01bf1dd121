// Recovery codes: for the day on which the second factor is lost. Each works once.
#pragma once

#include "base/guarded.hpp"
#include "base/random.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::factors {

constexpr std::size_t recovery_codes_count = 10;
constexpr std::size_t recovery_code_symbols = 16;  // of 5 bits: 80 bits; NIST SP 800-63B-4 section 3.1.2 asks for 64

/// Ten fresh codes as they are shown: four groups of four symbols of Crockford's base32, lower case, with dashes.
std::vector<Secret<std::string>> new_recovery_codes(Random& random);

/// A code as it was typed, in the one form that is hashed: either case, blanks and dashes anywhere, O read as 0, I and
/// L as 1. Empty if it cannot be a code.
std::optional<Secret<std::string>> normalise_recovery_code(std::string_view typed);

/// What is kept of a code: SHA-256 of its normal form in hex. Codes are random, so a plain hash keeps them. The code
/// may be given as it is shown. Empty string if it is none.
std::string hash_recovery_code(const Secret<std::string>& code);

/// Which of `hashes` is this code's, by index. The same time whichever it is. The caller takes it in one atomic step.
std::optional<std::size_t> find_recovery_code(std::span<const std::string> hashes, std::string_view typed);

}  // namespace ward::factors
