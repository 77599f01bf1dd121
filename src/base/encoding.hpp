// Text forms of bytes: base64, base64url, hex, percent, and JSON strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ward {

/// RFC 4648 section 5, without padding.
std::string base64url_encode(std::string_view bytes);
/// Strict: no padding, no white space, no other alphabet, unused bits zero.
std::optional<std::string> base64url_decode(std::string_view text);
/// RFC 4648 section 4, with padding.
std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view bytes);
std::optional<std::string> hex_decode(std::string_view text);

/// Encodes everything but RFC 3986 unreserved characters.
std::string percent_encode(std::string_view text);
/// Strict: a `%` without two hex digits is an error. `plus_is_space` for query components and forms.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

/// True if `text` is well-formed UTF-8 without surrogates and overlong forms (RFC 3629).
bool is_utf8(std::string_view text) noexcept;

/// Appends `text` as a JSON string with its quotes. Control characters are escaped; bytes that are not UTF-8 become
/// U+FFFD.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

/// Lower case of ASCII letters; other bytes stay.
std::string ascii_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace ward
