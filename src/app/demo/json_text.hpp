// JSON text built by hand, for the demo's synthetic data: values are finished pieces of JSON.
#pragma once

#include "base/encoding.hpp"

#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::demo {

using Json = std::string;

inline Json text(std::string_view value) { return json_string(value); }
inline Json number(double value, int decimals) { return fmt::format("{:.{}f}", value, decimals); }
inline Json integer(long value) { return fmt::to_string(value); }

/// Members with an empty value are left out.
inline Json object(std::initializer_list<std::pair<std::string_view, Json>> members) {
  Json out = "{";
  for (const auto& [name, value] : members) {
    if (value.empty()) continue;
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    out += value;
  }
  return out + "}";
}

/// An empty array is an empty value: FHIR has none.
inline Json array(const std::vector<Json>& elements) {
  if (elements.empty()) return {};
  return fmt::format("[{}]", fmt::join(elements, ","));
}

}  // namespace ward::demo
