// A refresh token: opaque to all but us. It names its agreement and its number, sealed, so that an old one is known as
// such; what is kept is its hash.
#pragma once

#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ward::identity {

struct RefreshToken {
  std::string agreement;
  std::uint64_t number = 0;
};

std::string make_refresh_token(const RefreshToken& token, const Secret<std::string>& key, Random& random);
std::optional<RefreshToken> read_refresh_token(std::string_view text, const Secret<std::string>& key);
std::string hash_refresh_token(std::string_view text);  // SHA-256, hex

/// The successor of a token, sealed under that token: only who has it can ask for the same successor again.
std::string seal_successor(std::string_view token, std::string_view successor);
std::optional<std::string> open_successor(std::string_view token, std::string_view sealed);

}  // namespace ward::identity
