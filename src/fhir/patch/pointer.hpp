// JSON Pointer (RFC 6901): which place of a document is meant.
#pragma once

#include "json/json.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir::patch {

/// Reference tokens, unescaped. Empty: the whole document.
using Pointer = std::vector<std::string>;

/// Nothing if the text is no pointer: it must be empty or begin with '/', and '~' stands before 0 or 1 alone.
std::optional<Pointer> parse_pointer(std::string_view text);

/// The value at the tokens; absent if there is none. "-" names no value (it is the place behind the last). `passed`, if
/// given, grows by the values that were passed on the way.
json::Value find(json::Value from, std::span<const std::string> tokens, std::size_t* passed = nullptr);

/// RFC 6901 section 4: digits without leading zeros. Nothing for everything else, "-" included.
std::optional<std::size_t> array_index(std::string_view token);

/// The item at `index`; absent behind the end.
json::Value item(json::Value array, std::size_t index);

}  // namespace ward::fhir::patch
