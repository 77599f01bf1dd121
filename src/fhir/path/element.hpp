// From elements of the resource to their children and values.
#pragma once

#include "path.hpp"

namespace ward::fhir::path {

/// The resource as an item. `type` is used where the value has no resourceType of its own.
PathItem resource_item(json::Value resource, std::string_view type);

/// Appends the children called `name` ("value" also finds valueQuantity), arrays taken apart.
void append_children(const PathItem& parent, std::string_view name, PathItems& out);
/// Appends all children.
void append_all_children(const PathItem& parent, PathItems& out);

/// True if elements of this type can have a child of that name (or if that cannot be said).
bool may_have(const PathItem& parent, std::string_view name);

/// The value of a primitive, a Quantity or a computed item in FHIRPath's own types; monostate of anything else.
Computed value_of(const PathItem& item);

/// A computed item.
PathItem make(Computed value);

/// The resource type that a Reference, canonical or uri names ("Patient/1", "http://x/fhir/Patient/1", Reference.type);
/// "" if it does not say. `contained` finds "#id" in the resource at hand.
std::string_view referenced_type(const PathItem& item, std::string& scratch);

}  // namespace ward::fhir::path
