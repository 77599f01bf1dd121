// One search parameter to a condition: which modifiers it takes, and what its values become.
#pragma once

#include "search.hpp"
#include "search/result_params.hpp"

#include <expected>

namespace ward::fhir::search {

/// A condition on resources of `type`. `param` is nullptr for _id and _lastUpdated. Adds to `used` what it looks at.
/// Problems: "invalid", "not-supported", "too-costly".
std::expected<store::Condition, Problem> read_condition(std::string_view type, const r4::SearchParam* param,
                                                        std::string_view code, std::string_view modifier,
                                                        std::string_view value, const SearchOptions& options,
                                                        std::vector<UsedParam>& used);

/// _text and _content: words that all occur (R4 search.html 3.1.1.4.3); values are alternatives.
std::expected<store::Condition, Problem> read_words(std::string_view code, std::string_view modifier,
                                                    std::string_view value, std::vector<UsedParam>& used);

/// The matches of "a,b,c" for a parameter.
std::expected<std::vector<store::Match>, Problem> read_values(const r4::SearchParam* param, std::string_view code,
                                                              std::string_view modifier, std::string_view value,
                                                              const SearchOptions& options);

}  // namespace ward::fhir::search
