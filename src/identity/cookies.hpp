// Cookies of the pages (RFC 6265 as browsers do it; the `__Host-` prefix ties them to this host, path "/" and TLS).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ward::identity {

inline constexpr std::string_view session_cookie = "__Host-ward-session";
/// Tells one browser from another, before and after sign-in: CSRF tokens and known devices hang on it.
inline constexpr std::string_view browser_cookie = "__Host-ward-browser";

/// The value of a cookie of ours, if it is there exactly once and looks like one of ours (base64url of 32 bytes). Of
/// two with one name, nobody knows which is real: none counts.
std::optional<std::string> find_cookie(std::string_view header, std::string_view name);

/// A Set-Cookie value. `lifetime_seconds` 0: until the browser is closed; below 0: gone now.
std::string set_cookie(std::string_view name, std::string_view value, long lifetime_seconds);

}  // namespace ward::identity
