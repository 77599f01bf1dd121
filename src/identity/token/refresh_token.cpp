#include "token/refresh_token.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/seal.hpp"

#include <charconv>

namespace ward::identity {
namespace {

constexpr std::string_view associated = "ward refresh 1";
constexpr std::string_view successor_of = "ward refresh successor 1";
constexpr std::size_t bytes_max = 512;

/// 64 bytes for AES-SIV, of a token that has 128 random bits of its own.
Secret<std::string> key_of(std::string_view token) {
  const auto first = crypto::sha256({successor_of, "a", token}), second = crypto::sha256({successor_of, "b", token});
  return Secret<std::string>(std::string(crypto::view(first)) + std::string(crypto::view(second)));
}

}  // namespace

std::string make_refresh_token(const RefreshToken& token, const Secret<std::string>& key, Random& random) {
  const std::string plain = token.agreement + "." + std::to_string(token.number) + "." + random.token(16);
  return base64url_encode(crypto::seal_siv(key, plain, associated));
}

std::optional<RefreshToken> read_refresh_token(std::string_view text, const Secret<std::string>& key) {
  if (text.size() > bytes_max) return std::nullopt;
  const auto bytes = base64url_decode(text);
  if (!bytes || bytes->size() <= 16) return std::nullopt;
  const auto plain = crypto::open_siv(key, *bytes, associated);
  if (!plain) return std::nullopt;
  RefreshToken token;
  const auto dot = plain->find('.');
  if (dot == plain->npos) return std::nullopt;
  token.agreement = plain->substr(0, dot);
  std::from_chars(plain->data() + dot + 1, plain->data() + plain->size(), token.number);
  return token;
}

std::string hash_refresh_token(std::string_view text) { return hex_encode(crypto::view(crypto::sha256(text))); }

std::string seal_successor(std::string_view token, std::string_view successor) {
  return base64url_encode(crypto::seal_siv(key_of(token), successor, successor_of));
}

std::optional<std::string> open_successor(std::string_view token, std::string_view sealed) {
  const auto bytes = base64url_decode(sealed);
  if (!bytes || bytes->size() <= 16) return std::nullopt;
  auto plain = crypto::open_siv(key_of(token), *bytes, successor_of);
  return plain ? std::optional(std::move(*plain)) : std::nullopt;
}

}  // namespace ward::identity
