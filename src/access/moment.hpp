// FHIR's dates as points in time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ward::access::detail {

/// Milliseconds of the beginning (or, for `until`, the end) of what a FHIR dateTime names: a year, month, day or
/// instant.
std::optional<std::int64_t> moment(const std::string& text, bool until);

}  // namespace ward::access::detail
