// The scalars of a resource, by where they stand: what a proof changes to make two records that differ.
#pragma once

#include <boost/json.hpp>

#include <functional>
#include <string>

namespace ward::prove {

enum class Leaf : std::uint8_t { keep, change, remove };

/// Asks about each scalar what to do with it, and does it. `place` is its path without array indexes, where items of
/// an array that have a `system`, `url` or `use` are told apart by it ("Patient.identifier[urn:mrn].value"), because
/// views do so. What says who or what a resource is and belongs to is never asked about: resourceType, id, reference.
void edit_leaves(boost::json::value& resource, const std::function<Leaf(const std::string& place)>& ask);

}  // namespace ward::prove
