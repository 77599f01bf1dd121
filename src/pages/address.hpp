// Addresses from outside: which may become a link, and what of them may stand in a policy.
#pragma once

#include <string>
#include <string_view>

namespace ward::pages {

/// A path of this server: "/x", and not "//host" or what browsers take for it.
bool is_path(std::string_view address);
/// https, http, or a private-use scheme. RFC 8252 7.1: that is a domain name in reverse, so that it has a dot, and
/// "javascript" has none.
bool has_allowed_scheme(std::string_view address);
/// "https://app.example:8" of an address, "com.example.app:" of one with a private-use scheme, or "" if it cannot stand
/// in a list of CSP.
std::string origin(std::string_view address);

}  // namespace ward::pages
