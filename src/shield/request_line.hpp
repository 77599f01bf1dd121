// The one reading of path, query and header values, before anything is routed by them.
#pragma once

#include "base/refusal.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::shield {

/// "/fhir/Patient/a%20b" as {"fhir", "Patient", "a b"}: decoded once, UTF-8. "/" has no segments; one slash at the end
/// is ignored. Refused (400 `path_malformed`, the cause says why): empty and dot segments, `;` parameters, backslashes,
/// encoded slashes, backslashes and dots, text that would decode once more (%25XX), control characters, invalid UTF-8.
Allowed<std::vector<std::string>> path_segments(std::string_view raw_path);

/// "a=1&b=2" (also a form body), decoded once, in order; `+` is a space. Refused (400 `query_malformed`): bad escapes,
/// %00 and control characters but tab, CR and LF, invalid UTF-8, empty names, `;` unencoded in a name, more than
/// `pairs_max` pairs.
Allowed<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view raw,
                                                                      std::size_t pairs_max = 256);

/// RFC 9110 5.5: visible ASCII, space, tab, and UTF-8 above; no control characters.
bool is_header_value(std::string_view value) noexcept;
/// RFC 9110 5.6.2 token.
bool is_token(std::string_view text) noexcept;
/// shield.md "Strings": UTF-8 without control characters but tab, CR and LF.
bool is_clean_text(std::string_view text) noexcept;

}  // namespace ward::shield
