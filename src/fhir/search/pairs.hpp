// The raw query string and form taken apart, within bounds.
#pragma once

#include "search.hpp"

namespace ward::fhir::search {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Names and values, decoded, of both in order. Refusal: too long, too many, bad percent encoding, not UTF-8.
Allowed<Pairs> read_pairs(std::string_view query, std::string_view form);

/// A Refusal of status 400 with one issue. `what` names the parameter, never a value.
Refusal refusal(std::string_view issue_code, std::string what);
/// A parameter's name as it may be repeated to the caller: printable, and not too long.
std::string shown(std::string_view name);

}  // namespace ward::fhir::search
