// _count, _sort, _total, _summary, _elements, _format, _pretty: what shapes the answer and filters nothing.
#pragma once

#include "search.hpp"

#include <optional>

namespace ward::fhir::search {

struct Problem {
  std::string_view code;  // of the issue
  std::string what;
};

bool is_result_param(std::string_view code);
/// Reads one into `search`. A second one of a kind is a problem.
std::optional<Problem> read_result_param(std::string_view name, std::string_view value, const SearchOptions& options,
                                         Search& search);

}  // namespace ward::fhir::search
