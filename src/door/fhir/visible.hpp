// A Grant's answer to "which resources", for the store's queries and for single resources.
#pragma once

#include "exchange.hpp"
#include "store/store.hpp"

namespace ward::door {

/// The grant's branches as part of a query. Refuses a scope whose constraints are no search of the type.
Allowed<store::Visible> visible(const Exchange& x, const access::Grant& grant, std::string_view type);

/// Whether this version may be seen. Constraints of a scope are judged on the body itself.
bool sees(const Exchange& x, const access::Grant& grant, const store::Version& version);

/// The same of a resource that is about to be written, by what its index says.
bool would_see(const Exchange& x, const access::Grant& grant, std::string_view type, const store::IndexEntries& index);

/// Whether index rows satisfy a condition. What cannot be judged in memory is not satisfied.
bool satisfies(const store::IndexEntries& index, const store::Condition& condition);

}  // namespace ward::door
