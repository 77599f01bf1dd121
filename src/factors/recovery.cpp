#include "recovery.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

namespace ward::factors {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford: no i, l, o, u
constexpr std::size_t group_symbols = 4;
constexpr std::size_t typed_bytes_max = 64;

char normal_symbol(char c) {
  if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (c == 'o') return '0';
  if (c == 'i' || c == 'l') return '1';
  return c;
}

Secret<std::string> new_code(Random& random) {
  std::string bytes = random.bytes(recovery_code_symbols);
  std::string code;
  code.reserve(recovery_code_symbols + 3);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % group_symbols == 0) code.push_back('-');
    code.push_back(alphabet[static_cast<unsigned char>(bytes[i]) % alphabet.size()]);  // 256 is a multiple of 32
  }
  wipe(bytes.data(), bytes.size());
  return Secret(std::move(code));
}

}  // namespace

std::vector<Secret<std::string>> new_recovery_codes(Random& random) {
  std::vector<Secret<std::string>> codes;
  codes.reserve(recovery_codes_count);
  for (std::size_t i = 0; i < recovery_codes_count; ++i) codes.push_back(new_code(random));
  return codes;
}

std::optional<Secret<std::string>> normalise_recovery_code(std::string_view typed) {
  if (typed.size() > typed_bytes_max) return std::nullopt;
  std::string code;
  code.reserve(typed_bytes_max);
  for (const char c : typed) {
    if (c == ' ' || c == '-' || c == '\t') continue;
    code.push_back(normal_symbol(c));
  }
  const bool right = code.size() == recovery_code_symbols && code.find_first_not_of(alphabet) == std::string::npos;
  Secret secret(std::move(code));
  if (!right) return std::nullopt;
  return secret;
}

std::string hash_recovery_code(const Secret<std::string>& code) {
  const auto normal = normalise_recovery_code(code.reveal());
  if (!normal) return {};
  return hex_encode(crypto::view(crypto::sha256(normal->reveal())));
}

std::optional<std::size_t> find_recovery_code(std::span<const std::string> hashes, std::string_view typed) {
  const auto normal = normalise_recovery_code(typed);
  if (!normal) return std::nullopt;
  const std::string wanted = hash_recovery_code(*normal);
  std::size_t found = hashes.size();
  for (std::size_t i = 0; i < hashes.size(); ++i)
    if (constant_time_equal(hashes[i], wanted)) found = i;
  if (found == hashes.size()) return std::nullopt;
  return found;
}

}  // namespace ward::factors
