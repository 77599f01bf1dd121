// Authenticated encryption.
#pragma once

#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"

#include <string>
#include <string_view>

namespace ward::crypto {

inline constexpr std::size_t aes_key_bytes = 32;
inline constexpr std::size_t gcm_nonce_bytes = 12;

/// AES-256-GCM (SP 800-38D): ciphertext with its 16-byte tag behind. A nonce must never repeat under a key.
std::string seal_gcm(const Secret<std::string>& key, std::string_view nonce, std::string_view plain,
                     std::string_view associated);
/// Error "unsealable" if anything was changed.
Result<std::string> open_gcm(const Secret<std::string>& key, std::string_view nonce, std::string_view sealed,
                             std::string_view associated);

/// AES-256-SIV (RFC 5297): deterministic; key of 64 bytes; `plain` is not empty. For sealed links.
std::string seal_siv(const Secret<std::string>& key, std::string_view plain, std::string_view associated);
Result<std::string> open_siv(const Secret<std::string>& key, std::string_view sealed, std::string_view associated);

}  // namespace ward::crypto
