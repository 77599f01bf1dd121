#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "factors/password_rules.hpp"
#include "identity.hpp"

#include <argon2.h>

namespace ward::identity {
namespace {

// NIST SP 800-63B-4 asks for a memory-hard hash; these are OWASP's least costs for Argon2id.
constexpr std::uint32_t memory_kib = 19 * 1024;
constexpr std::uint32_t passes = 2;
constexpr std::uint32_t lanes = 1;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t password_bytes_max = 512;  // 128 characters of up to four bytes

}  // namespace

Result<std::string> hash_password(const Secret<std::string>& password, Random& random) {
  if (password.reveal().size() > password_bytes_max)
    return fail("password_invalid", "a password has at most 128 characters");
  const std::string salt = random.bytes(salt_bytes);
  std::string encoded(argon2_encodedlen(passes, memory_kib, lanes, salt_bytes, hash_bytes, Argon2_id), '\0');
  const int failed =
      argon2id_hash_encoded(passes, memory_kib, lanes, password.reveal().data(), password.reveal().size(), salt.data(),
                            salt.size(), hash_bytes, encoded.data(), encoded.size());
  if (failed != ARGON2_OK)
    return fail("password_failed", std::string("the password could not be hashed: ") + argon2_error_message(failed));
  encoded.resize(encoded.find('\0'));
  return encoded;
}

bool password_matches(const Secret<std::string>& password, const std::string& password_hash) {
  if (password_hash.empty() || password.reveal().size() > password_bytes_max) return false;
  return argon2id_verify(password_hash.c_str(), password.reveal().data(), password.reveal().size()) == ARGON2_OK;
}

std::string password_problem(const Secret<std::string>& password, std::vector<std::string> own_words) {
  const auto prepared = factors::prepare_password(password.reveal());
  if (!prepared) return "a password is text of at most 128 characters";
  const auto problem = factors::password_problem(*prepared, {.own_words = std::move(own_words)});
  if (!problem) return {};
  if (*problem == "too_short") return "a password needs at least 8 characters";
  if (*problem == "too_long" || *problem == "not_text") return "a password is text of at most 128 characters";
  if (*problem == "own_words") return "a password must not be made of the person's own names";
  return "this password is common, or simple: choose another";
}

std::string hash_client_secret(std::string_view secret) { return hex_encode(crypto::view(crypto::sha256(secret))); }

}  // namespace ward::identity
