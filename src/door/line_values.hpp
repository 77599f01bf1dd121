// Which values of path, query and headers are proven harmless by their type, and which are free.
#pragma once

#include "exchange.hpp"

namespace ward::door {

/// A search in a header; scan_condition judges it.
inline constexpr std::string_view condition_header = "if-none-exist";

/// The free values of a request line. Views point into the Exchange.
std::vector<shield::FreeValue> free_line_values(const Exchange& x);

/// Those of the query alone.
std::vector<shield::FreeValue> free_query_values(const Route& route, const FhirRequest& fhir,
                                                 const std::vector<std::pair<std::string, std::string>>& query);

/// What is free in a path that was refused: decoded once, by segment and as a whole. Nothing if it holds but names.
std::vector<std::string> free_path_pieces(std::string_view raw_path);
std::vector<shield::FreeValue> path_values(const std::vector<std::string>& pieces);

}  // namespace ward::door
