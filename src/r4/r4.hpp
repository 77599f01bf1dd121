// HL7's published R4 definitions as tables: types, elements, cardinalities, bindings, search parameters, compartments.
//
// Generated at build time from npm hl7.fhir.r4.examples and hl7.fhir.r4.expansions (both 4.0.1); nothing about a
// resource type is written by hand. All data is constant and lives as long as the program; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ward::r4 {

struct Definition;
struct ValueSet;
struct MemberSlot;

enum class Kind : std::uint8_t { resource, datatype, backbone, primitive };
enum class BindingStrength : std::uint8_t { none, example, preferred, extensible, required };

/// One type that an element may have. For Reference and canonical, `targets` are the resource types allowed (empty:
/// any).
struct ElementType {
  std::string_view code;         // "string", "Quantity", "BackboneElement", "Resource" (any resource)
  const Definition* definition;  // nullptr for "Resource" (contained, Bundle.entry.resource)
  std::span<const std::string_view> targets;
};

inline constexpr std::uint16_t unbounded = 0xFFFF;

struct Element {
  std::string_view name;  // "value" for value[x]
  std::string_view path;  // "Observation.value[x]"
  bool choice;            // value[x]
  bool summary;           // isSummary
  bool modifier;          // isModifier
  std::uint16_t min;
  std::uint16_t max;  // `unbounded` for *
  std::span<const ElementType> types;
  BindingStrength binding;
  const ValueSet* value_set;  // of required bindings whose expansion is known; else nullptr
  std::string_view value_set_url;
};

/// A resource, a data type, or the anonymous type of a backbone element ("Patient.contact"). Elements of base types
/// (id, extension, meta, text, contained ...) are included. Elements are in the order of the specification.
struct Definition {
  std::string_view name;
  Kind kind;
  std::span<const Element> elements;
  std::string_view pattern;             // of primitives: the regular expression of their text, as published
  std::span<const MemberSlot> members;  // for `find`: a hash table without collisions
  std::uint32_t members_seed;

  /// The element a JSON member stands for: "name", "valueQuantity" (of value[x]), and "_birthDate" (for the extension
  /// of a primitive; look up without the underscore). `type` is the concrete type.
  struct Found {
    const Element* element;
    const ElementType* type;
  };
  std::optional<Found> find(std::string_view member) const;
};

/// A resource or data type by name, or nullptr.
const Definition* find_definition(std::string_view name);
/// Concrete resource types, sorted: 146 in R4 (its 148 resource types include the abstract Resource and
/// DomainResource).
std::span<const std::string_view> resource_types();
bool is_resource_type(std::string_view name);

/// True if (system, code) is in the expansion. `system` empty: any system, as for elements of type code.
bool contains(const ValueSet& set, std::string_view system, std::string_view code);
std::string_view url(const ValueSet& set);

enum class ParamType : std::uint8_t { number, date, string, token, reference, composite, quantity, uri, special };

struct SearchParam {
  std::string_view code;  // "birthdate"
  std::string_view url;
  ParamType type;
  std::string_view expression;                // FHIRPath, only the alternatives for `base`
  std::span<const std::string_view> targets;  // of reference parameters
  std::string_view base;                      // the resource type that it was looked up for
};

/// Parameters of one resource type, including those of Resource and DomainResource, sorted by code. Those
/// without an expression (_text, _content, _filter, _query) are not listed.
std::span<const SearchParam> search_params(std::string_view type);
const SearchParam* find_param(std::string_view type, std::string_view code);

/// The codes of the search parameters by which `type` belongs to the compartment of a Patient; empty if it never does.
/// (http://hl7.org/fhir/compartmentdefinition-patient.html; Patient itself by its own id and `link`.)
std::span<const std::string_view> patient_compartment(std::string_view type);
/// True if resources of `type` can belong to a patient at all (Patient, and types with a nonempty patient_compartment).
bool in_patient_compartment(std::string_view type);

}  // namespace ward::r4
