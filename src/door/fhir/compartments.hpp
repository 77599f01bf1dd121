// Compartment search (R4 http.html, "Variant Searches"): what belongs to a patient, an encounter, a practitioner, a
// related person or a device, of what the caller may see.
#pragma once

#include "exchange.hpp"
#include "fhir/search.hpp"

namespace ward::door {

/// Adds the compartment that the path names to a narrowed search; nothing for any other search. Refusals: 403
/// parameter_hidden if the view hides one of the references by which a resource would belong to it.
boost::asio::awaitable<Allowed<void>> keep_compartment(Exchange& x, const access::Grant& grant, fhir::Search& search);

}  // namespace ward::door
