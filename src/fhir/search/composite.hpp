// Composite parameters (R4 search.html 3.1.1.4.10): "code$value", whose parts hold for values of one element.
#pragma once

#include "search/condition.hpp"

namespace ward::fhir::search {

/// As read_condition. What is used are the parts: the composite looks at nothing else.
std::expected<store::Condition, Problem> read_composite(std::string_view type, std::string_view code,
                                                        std::string_view modifier, std::string_view value,
                                                        const SearchOptions& options, std::vector<UsedParam>& used);

}  // namespace ward::fhir::search
