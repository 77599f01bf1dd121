// UCUM's unit atoms and metric prefixes (The Unified Code for Units of Measure, tables 1 to 23).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ward::fhir::ucum {

enum class AtomKind : std::uint8_t { base, defined, arbitrary, celsius, fahrenheit, other_scale };

struct Atom {
  std::string_view code;
  bool metric;             // takes a prefix
  std::string_view value;  // of a defined one: value * unit
  std::string_view unit;
  AtomKind kind = AtomKind::defined;
};

struct Prefix {
  std::string_view code;
  std::string_view value;
};

/// nullptr if there is none.
const Atom* find_atom(std::string_view code);
std::span<const Prefix> prefixes();
/// Of a base atom: its place in UcumUnit::dimensions.
int base_index(const Atom& atom);

}  // namespace ward::fhir::ucum
