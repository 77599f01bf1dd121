// Hashes and message authentication over OpenSSL. Algorithms are fetched once; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace ward::crypto {

using Sha256 = std::array<unsigned char, 32>;
Sha256 sha256(std::string_view data);
/// SHA-256 over several pieces as if they were one.
Sha256 sha256(std::initializer_list<std::string_view> pieces);
std::string sha384(std::string_view data);
Sha256 hmac_sha256(std::string_view key, std::string_view data);
inline std::string_view view(const Sha256& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

}  // namespace ward::crypto
