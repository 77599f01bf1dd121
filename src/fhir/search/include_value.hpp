// The value of _include and _revinclude (R4 search.html 3.1.1.5.5): "Source:parameter[:Target]", or "*".
#pragma once

#include "search.hpp"

#include <expected>
#include <string>

namespace ward::fhir::search {

/// `type` is the type searched. Error: what is wrong with the value, to stand behind "a value of _include".
std::expected<Include, std::string> include_value(std::string_view value, std::string_view type, bool reverse,
                                                  bool iterate);

}  // namespace ward::fhir::search
