// One-time codes by time (RFC 6238 over RFC 4226), as every authenticator app makes them: HMAC-SHA-1, six digits, steps
// of 30 seconds.
#pragma once

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ward::factors {

constexpr std::size_t totp_digits = 6;
constexpr std::chrono::seconds totp_step_length{30};
constexpr std::int64_t totp_skew_steps = 1;    // RFC 6238 section 5.2: at most one step for delay and clocks
constexpr std::size_t totp_secret_bytes = 20;  // RFC 4226 section 4, R6: 160 bits recommended

/// A fresh secret, raw. Kept sealed by who keeps it; shown once, by `otpauth_uri`.
Secret<std::string> new_totp_secret(Random& random);

/// The step in which `code` is right, if that is this one, the one before or the one after, and later than
/// `last_used_step` (RFC 6238 section 5.2: a code is taken once). The caller keeps the step, and takes it in one atomic
/// step. White space in the code does not count. Looks at all three steps whatever fits. Any thread.
std::optional<std::int64_t> totp_step(const Secret<std::string>& secret, std::string_view code, WallTime now,
                                      std::int64_t last_used_step);

/// The step that holds this moment, and the code of a step: what an authenticator shows.
std::int64_t totp_step_at(WallTime now);
std::string totp_code(const Secret<std::string>& secret, std::int64_t step);

/// The key URI that authenticator apps read from a QR code: otpauth://totp/ISSUER:ACCOUNT?secret=...&issuer=...
Secret<std::string> otpauth_uri(std::string_view issuer, std::string_view account, const Secret<std::string>& secret);

/// RFC 4648 section 6, without padding.
std::string base32_encode(std::string_view bytes);
/// As people type it: either case, blanks and dashes between groups, padding right or absent. Else strict: unused bits
/// are zero, and there is no length that five bits cannot make.
std::optional<std::string> base32_decode(std::string_view text);

}  // namespace ward::factors
