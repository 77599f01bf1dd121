// HL7's code systems and expanded value sets as published with R4, and where its extensions may stand.
//
// Generated like r4.hpp's tables. Everything is constant and lives as long as the program; any thread. What is not in
// here (SNOMED CT, LOINC, UCUM ...) is not known, which is something else than wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ward::r4 {

struct Concept {
  std::string_view code, display, definition;
  int parent = -1;  // the place of the concept above it in the system, or -1
};

/// A code system with its concepts, in the order of its publication.
struct CodeSystem {
  std::uint32_t url_at, version_at, name_at, title_at, first, count;
  bool complete;  // all its codes are here; false: a fragment
  bool case_sensitive;

  std::string_view url() const;
  std::string_view version() const;
  std::string_view name() const;
  std::string_view title() const;
  std::size_t size() const { return count; }
  Concept at(std::size_t index) const;
  /// The place of a code, compared as the system says.
  std::optional<std::size_t> find(std::string_view code) const;
  /// True if `index` is `ancestor` or stands below it.
  bool is_below(std::size_t index, std::size_t ancestor) const;
};

/// `url` may say a version behind "|": then only that one.
const CodeSystem* find_code_system(std::string_view url);
std::span<const CodeSystem> code_systems();

/// One code of an expanded value set.
struct Coding {
  std::string_view system, code, display;
};

struct Expansion {
  std::uint32_t url_at, version_at, name_at, title_at, first, count;

  std::string_view url() const;
  std::string_view version() const;
  std::string_view name() const;
  std::string_view title() const;
  std::size_t size() const { return count; }
  Coding at(std::size_t index) const;
  /// `system` empty: any.
  std::optional<Coding> find(std::string_view system, std::string_view code) const;
};

/// A value set whose closed expansion is known; `url` as for systems.
const Expansion* find_expansion(std::string_view url);
std::span<const Expansion> expansions();

/// Where an extension of HL7's may stand, and what it holds.
struct ExtensionDefinition {
  std::uint32_t url_at, contexts_first, contexts_count, types_first, types_count;

  std::string_view url() const;
  std::size_t contexts() const { return contexts_count; }  // none: anywhere
  std::string_view context(std::size_t index) const;       // "Patient", "Element", "Patient.contact", a parent's URL
  std::size_t types() const { return types_count; }        // of value[x]; none: it holds extensions
  std::string_view type(std::size_t index) const;
};

const ExtensionDefinition* find_extension(std::string_view url);

}  // namespace ward::r4
