// The generated arrays behind terminology.hpp. Texts are offsets into one pool and end with a NUL.
#pragma once

#include "terminology.hpp"

namespace ward::r4 {

struct TermConcept {
  std::uint32_t code, display, definition;
  std::int32_t parent;
};

struct TermEntry {
  std::uint32_t system, code, display;
};

extern const char term_texts[];
extern const TermConcept term_concepts[];
extern const std::uint32_t term_order[];  // per system: places by code
extern const CodeSystem term_systems[];   // sorted by url, like the next
extern const std::size_t term_system_count;
extern const TermEntry term_entries[];
extern const Expansion term_sets[];
extern const std::size_t term_set_count;
extern const std::uint32_t term_names[];
extern const ExtensionDefinition term_extensions[];
extern const std::size_t term_extension_count;

}  // namespace ward::r4
