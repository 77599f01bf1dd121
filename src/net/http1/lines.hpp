// The lines of a request's head, looked at before any parser sees them.
#pragma once

#include "http1/message.hpp"

namespace ward::net::http1 {

/// The length of the head with its empty line, or 0 if that has not come yet. `scanned` remembers how far earlier calls
/// came (0 at first).
std::expected<std::size_t, Malformed> find_head(std::string_view data, std::size_t& scanned, const Limits& limits);

/// Request line and fields, byte by byte: what RFC 9112 forbids and parsers forgive (sections 2.2, 3, 5.1, 5.2).
std::expected<void, Malformed> check_lines(std::string_view head, const Limits& limits);

}  // namespace ward::net::http1
