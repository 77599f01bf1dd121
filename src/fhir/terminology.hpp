// Value sets and code systems that are loaded (HL7's, in r4/terminology.hpp) and value sets that somebody sends: what
// is in them. Nothing stored is looked at.
#pragma once

#include "base/error.hpp"
#include "json/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir {

struct Code {
  std::string system, code, display;
};

inline constexpr std::size_t expansion_codes_max = 20'000;

/// The codes of a loaded value set. Errors: "value_set_unknown".
Result<std::vector<Code>> expand_value_set(std::string_view url);

/// The codes of a ValueSet resource by its compose: whole systems, lists, filters on the concept (=, is-a, is-not-a,
/// descendent-of, in, not-in), other value sets, and what is excluded (R4 valueset.html, 4.9.8). Errors, with words
/// that name no value: "value_set_unknown" (an import that is not loaded), "system_unknown", "filter_unsupported",
/// "expansion_costly".
Result<std::vector<Code>> expand_value_set(json::Value value_set);

/// True if `text` is part of the display or the beginning of the code, whatever the case (ValueSet/$expand `filter`).
bool matches_filter(const Code& code, std::string_view folded_filter);

}  // namespace ward::fhir
