// Comparing URIs as RFC 3986 section 6.2 says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ward::identity {

/// Scheme, authority and path of an absolute URI in normal form (RFC 3986 sections 6.2.2 and 6.2.3): scheme and host in
/// lower case, no default port, percent-encoding only where it is needed and in upper case, no dot segments, "/" for an
/// empty path. Query and fragment are left out. Empty if it is no such URI, or has user information. Any thread.
std::optional<std::string> normal_uri(std::string_view uri);

}  // namespace ward::identity
