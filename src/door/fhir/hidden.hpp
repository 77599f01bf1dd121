// What a view hides is no parameter of a search: the one check, and the one refusal.
#pragma once

#include "access/grant.hpp"
#include "base/refusal.hpp"
#include "fhir/search.hpp"

namespace ward::door {

/// 403 parameter_hidden. `looks` names the parameter in the record; `shown` to the caller, "the parameter code".
Refusal parameter_hidden(const access::Grant& grant, std::string_view type, std::string_view looks,
                         std::string_view shown);

/// Refuses a search by what the view of the grant hides. `_text` needs a view that shows the narrative, `_content` one
/// that shows the whole resource. `shown`: how the refusal names the parameter; empty: by its code.
Allowed<void> check_view(const access::Grant& grant, std::string_view type, const fhir::Search& search,
                         std::string_view shown = {});

}  // namespace ward::door
