#include "totp.hpp"

#include "base/encoding.hpp"
#include "base/error.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <array>

namespace ward::factors {
namespace {

constexpr std::size_t code_bytes_max = 32;  // six digits, and the blanks that some apps put between them

// RFC 4226 section 5.3: four bytes at an offset that the last byte chooses, as decimal digits.
std::string hotp(const Secret<std::string>& secret, std::uint64_t counter) {
  std::array<unsigned char, 8> message;
  for (std::size_t i = 0; i < 8; ++i) message[i] = static_cast<unsigned char>(counter >> (56 - 8 * i));
  std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
  unsigned mac_bytes = 0;
  const std::string& key = secret.reveal();
  WARD_ASSERT(HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), mac.data(),
                   &mac_bytes) != nullptr);
  const std::size_t offset = mac[mac_bytes - 1] & 0xF;
  const std::uint32_t number = (mac[offset] & 0x7Fu) << 24 | static_cast<std::uint32_t>(mac[offset + 1]) << 16 |
                               static_cast<std::uint32_t>(mac[offset + 2]) << 8 | mac[offset + 3];
  wipe(mac.data(), mac.size());
  return fmt::format("{:06}", number % 1'000'000);
}

std::string without_blanks(std::string_view code) {
  std::string out;
  for (const char c : code.substr(0, code_bytes_max))
    if (c != ' ' && c != '\t') out.push_back(c);
  return out;
}

}  // namespace

Secret<std::string> new_totp_secret(Random& random) { return Secret(random.bytes(totp_secret_bytes)); }

std::int64_t totp_step_at(WallTime now) { return unix_seconds(now) / totp_step_length.count(); }

std::string totp_code(const Secret<std::string>& secret, std::int64_t step) {
  return hotp(secret, static_cast<std::uint64_t>(step));
}

std::optional<std::int64_t> totp_step(const Secret<std::string>& secret, std::string_view code, WallTime now,
                                      std::int64_t last_used_step) {
  if (code.size() > code_bytes_max || secret.reveal().empty()) return std::nullopt;
  const std::string digits = without_blanks(code);
  const std::int64_t current = totp_step_at(now);
  std::int64_t found = last_used_step;
  // The earliest step that fits is taken, so that two equal codes in a row can still both be used.
  for (std::int64_t step = current + totp_skew_steps; step >= current - totp_skew_steps; --step) {
    const bool fits = constant_time_equal(totp_code(secret, step), digits);
    if (fits & (step > last_used_step)) found = step;
  }
  if (found <= last_used_step) return std::nullopt;
  return found;
}

Secret<std::string> otpauth_uri(std::string_view issuer, std::string_view account, const Secret<std::string>& secret) {
  const std::string name = percent_encode(issuer);
  std::string uri = "otpauth://totp/" + name + ":" + percent_encode(account) + "?secret=";
  std::string text = base32_encode(secret.reveal());
  uri += text;
  wipe(text.data(), text.size());
  uri += "&issuer=" + name + "&algorithm=SHA1&digits=6&period=30";
  return Secret(std::move(uri));
}

}  // namespace ward::factors
