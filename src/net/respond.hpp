// What every answer has: reason phrases, the headers that are always added, and the fixed answers.
#pragma once

#include "core.hpp"

namespace ward::net {

std::string_view reason_phrase(int status);
/// "Bad Request\n": the body of a fixed answer.
std::string fixed_text(int status);

/// Errors: "header_invalid" for a status, name or value that must not be sent.
Result<void> check_head(const ResponseHead&);

/// Set by net alone (framing), so ignored in a handler's head.
bool is_framing_header(std::string_view name);

inline constexpr std::string_view hsts = "max-age=63072000; includeSubDomains";  // two years; ASVS 3.4.1 wants one

/// Calls add(name, value) for date, HSTS (https only), nosniff and, unless the head has one, cache-control.
template <class Add>
void for_each_standard_header(const ResponseHead& head, std::string_view date, bool https, Add add) {
  add("date", date);
  if (https) add("strict-transport-security", hsts);
  add("x-content-type-options", "nosniff");
  const bool has_cache_control = std::any_of(head.headers.begin(), head.headers.end(),
                                             [](const auto& field) { return field.first == "cache-control"; });
  if (!has_cache_control) add("cache-control", "no-store");
}

/// Whether an answer of this status to this method has a body (RFC 9110 section 6.4.1).
inline bool has_body(int status, std::string_view method) {
  return method != "HEAD" && status >= 200 && status != 204 && status != 304;
}

}  // namespace ward::net
