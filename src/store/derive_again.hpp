// Relationships and index entries follow from resources by rules that other rooms have. When the rules change, what
// they gave before is made anew.
#pragma once

#include "store/store.hpp"

namespace ward::store {

/// What follows from a resource's body.
using Derive = std::function<std::vector<Relationship>(std::string_view body)>;

/// Makes the relationships of the live resources of a type anew, unless the file has them by these rules or by later
/// ones: `rules` is their number, kept in the file. All of them or none. For the start, right after open_sqlite, before
/// anything is read or written. Returns how many resources were gone through. Error: "store_failed".
Result<std::size_t> derive_again(const Options&, std::string_view type, std::int64_t rules, const Derive& derive);

/// The index entries of a resource; nothing leaves those that it has.
using IndexOf =
    std::function<std::optional<IndexEntries>(std::string_view type, std::string_view id, std::string_view body)>;

/// Makes the index of all live resources anew, unless the file has it by these rules or by later ones. A thousand at a
/// time: a start that was cut off goes on where it was. Patients and compartments stay as they were written. For the
/// start, as `derive_again`. Returns how many were gone through. Error: "store_failed".
Result<std::size_t> index_again(const Options&, std::int64_t rules, const IndexOf& index_of);

}  // namespace ward::store
