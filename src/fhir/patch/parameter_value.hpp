// The value of a FHIRPath Patch operation: a part of a Parameters resource as the JSON of an element.
#pragma once

#include "json/json.hpp"
#include "r4/r4.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ward::fhir::patch {

/// A JSON member that an element's name stands for, and what it holds.
struct Member {
  std::string name;
  const r4::Element* element;
  const r4::Definition* definition;  // of the value; nullptr for a resource

  bool list() const { return element->max != 1; }
};

/// "name" of a Patient; "value" of an Observation with a part that has a valueQuantity is "valueQuantity". Nothing if
/// the type has no such element, or not with this type of value.
std::optional<Member> member_for(const r4::Definition& definition, std::string_view name, json::Value part);

/// The value[x] or the resource of a part as it stands, or an object of its parts (fhirpatch.html, "Anonymous Types").
/// Nothing if it has none, or parts that the type does not have. Extensions of a primitive are not taken.
std::optional<std::string> value_text(json::Value part, const r4::Definition* definition);

}  // namespace ward::fhir::patch
