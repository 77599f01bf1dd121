// FHIR's and FHIRPath's type names, and which is a which.
#pragma once

#include "path.hpp"

namespace ward::fhir::path {

/// `space` "FHIR", "System" or "". Any name is known in System, so that a foreign one is just never true.
bool is_known_type(std::string_view space, std::string_view name);

/// The item's own type: {"FHIR", "Patient"} or {"System", "Integer"}.
TypeName type_of(const PathItem& item);

/// True if the item is of that type; with `derived`, also of a type that specialises it (a code is a string).
bool is_a(const PathItem& item, std::string_view space, std::string_view name, bool derived);

/// The specialised-from type of a FHIR type; empty if there is none.
std::string_view base_type(std::string_view type);

/// True for Quantity and what specialises it.
bool is_quantity(std::string_view type);

}  // namespace ward::fhir::path
