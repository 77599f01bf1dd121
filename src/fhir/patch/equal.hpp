// Equality of JSON values as RFC 6902 section 4.6 defines it for `test`.
#pragma once

#include "json/json.hpp"

namespace ward::fhir::patch {

/// Strings by their characters, numbers by their value (1.0 is 1e0), arrays item by item, objects as sets of members.
bool equal(json::Value a, json::Value b);

/// Of two JSON numbers, exactly and at any size. Exponents beyond 15 digits are equal only if written alike.
bool equal_numbers(std::string_view a, std::string_view b);

}  // namespace ward::fhir::patch
