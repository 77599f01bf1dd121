// What search needs beyond single parameters: composites, the compartments of others than patients, and the codes of
// value sets. Constant, any thread; generated like r4.hpp.
#pragma once

#include "r4.hpp"

namespace ward::r4 {

/// A part of a composite: a parameter of the same type.
struct CompositePart {
  std::string_view code;
  bool anywhere;  // its value is the resource's, wherever the other parts are ("%resource....")
};

/// A composite parameter (R4 search.html 3.1.1.4.10): its parts must hold for values of one element.
struct Composite {
  std::string_view code;
  std::span<const CompositePart> parts;
  std::span<const std::string_view> members;  // of the resource, whose elements hold the values; "": the resource
};
std::span<const Composite> composites(std::string_view type);  // sorted by code
const Composite* find_composite(std::string_view type, std::string_view code);

enum class Compartment : std::uint8_t { device, encounter, practitioner, related_person };
/// "Device" to its compartment; nothing for types that have none here (patients: r4.hpp).
std::optional<Compartment> compartment_of(std::string_view owner);
/// The parameters by which `type` belongs to the compartment; empty if it never does.
std::span<const std::string_view> compartment_params(Compartment compartment, std::string_view type);

struct Coded {
  std::string_view system;
  std::string_view code;
};
/// A value set whose expansion is here: of a required binding, and complete. nullptr for any other.
const ValueSet* find_value_set(std::string_view url);
std::span<const Coded> codes_of(const ValueSet& set);

}  // namespace ward::r4
