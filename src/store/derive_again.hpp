// Relationships follow from resources by rules that access has. When the rules change, what they gave before is made
// anew.
#pragma once

#include "store/store.hpp"

namespace ward::store {

/// What follows from a resource's body.
using Derive = std::function<std::vector<Relationship>(std::string_view body)>;

/// Makes the relationships of the live resources of a type anew, unless the file has them by these rules or by later
/// ones: `rules` is their number, kept in the file. All of them or none. For the start, right after open_sqlite, before
/// anything is read or written. Returns how many resources were gone through. Error: "store_failed".
Result<std::size_t> derive_again(const Options&, std::string_view type, std::int64_t rules, const Derive& derive);

}  // namespace ward::store
