// Paging links: opaque, sealed, bound to the caller, and always of one length for one kind of position.
#pragma once

#include "exchange.hpp"
#include "fhir/search.hpp"

namespace ward::door {

/// The name of the parameter that carries a sealed position.
inline constexpr std::string_view page_param = "_page";

/// The next page of this search for this caller, as a full URL.
std::string next_link(const Exchange& x, const fhir::Search& search, std::string_view position);

/// The position in a sealed link of the search at `path` (FhirRequest::search_path); a refusal (400) if it was not made
/// here for this caller and this search.
Allowed<std::string> open_page(const Exchange& x, std::string_view path, std::string_view sealed,
                               std::string_view query_without_page);

/// The position that this request's page parameter holds, "" if there is none. `link`: the request as a search, by
/// which next_link made it.
Allowed<std::string> asked_position(const Exchange& x, const fhir::Search& link);

/// The query string without the page parameter.
std::string without_page(std::string_view query);

}  // namespace ward::door
