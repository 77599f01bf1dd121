// The generated arrays behind r4.hpp (src/r4/generate writes them into the build folder).
#pragma once

#include "r4.hpp"
#include "search.hpp"

#include <cstddef>

namespace ward::r4 {

struct MemberSlot {
  std::string_view name;  // "" in an empty slot
  std::uint16_t element;
  std::uint16_t type;
};

struct ValueSet {
  std::string_view url;
  std::span<const Coded> codes;  // sorted by code, then system
};

/// Per resource type, in the order of `type_names`.
struct TypeTables {
  std::span<const SearchParam> params;  // sorted by code
  std::span<const std::string_view> patient_compartment;
  std::span<const Composite> composites;              // sorted by code
  std::span<const std::string_view> compartments[4];  // by Compartment
};

extern const char texts[];
extern const std::string_view views[];
extern const ElementType element_types[];
extern const MemberSlot member_slots[];
extern const Element elements[];
extern const Definition definitions[];  // sorted by name
extern const std::size_t definition_count;
extern const Coded codes[];
extern const ValueSet value_sets[];  // sorted by url
extern const std::size_t value_set_count;
extern const SearchParam params[];
extern const CompositePart composite_parts[];
extern const Composite composite_rows[];
extern const TypeTables type_tables[];
extern const std::string_view type_names[];  // sorted
extern const std::size_t type_count;

/// FNV-1a from `seed`, folded; generate/main.js has the same.
constexpr std::uint32_t member_hash(std::uint32_t seed, std::string_view name) {
  std::uint32_t hash = seed;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193u;
  return hash ^ (hash >> 15);
}

}  // namespace ward::r4
