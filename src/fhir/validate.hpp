// Is this JSON the resource that it says it is? One walk finds every problem, and collects what the firewall must see.
#pragma once

#include "base/error.hpp"
#include "base/refusal.hpp"
#include "json/json.hpp"
#include "r4/r4.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir {

struct ReadOptions {
  std::size_t issues_max = 100;    // further problems are counted, not described
  bool warnings = false;           // $validate: also what is allowed and still worth a word, and dom-3
  std::string_view expected_type;  // the type in the URL; another one in the body is an issue. Empty: any
};

/// A value that its type has not proven harmless: the firewall scans it. Codes of a closed value set, dates, ids,
/// numbers, http(s) names of systems, plain single words and the like are not among them.
struct FreeValue {
  json::Value value;         // a string
  std::string_view element;  // "Patient.name", "HumanName.family": as published, constant
  bool clinical;             // free text that people write: never changed, blocked only above the clinical threshold
};

/// A Narrative.div whose root element was checked; its inside is shield's.
struct NarrativeSpan {
  std::size_t begin;  // of the JSON string token in the source, quotes included
  std::size_t size;
  json::Value value;
  std::string expression;
};

enum class ReferenceKind : std::uint8_t {
  relative,     // "Patient/7", "Patient/7/_history/2"
  absolute,     // "https://other.example/fhir/Patient/7"
  contained,    // "#p1", "#"
  urn,          // "urn:uuid:...", "urn:oid:..."
  conditional,  // "Patient?identifier=..." (transactions only)
  other,        // another URI that names no resource type
};

/// A Reference.reference, wherever it stands.
struct LiteralReference {
  ReferenceKind kind;
  std::string_view type;   // of relative, absolute, conditional, and contained ones that resolve; constant. Else ""
  std::string id;          // of relative and absolute ones; the fragment of contained ones
  json::Value value;       // the string: its text, and its span in the source
  std::string expression;  // of the Reference, "Observation.subject"
};

struct Reading {
  const r4::Definition* definition = nullptr;  // of the root resource; nullptr if its type is unknown
  std::string id;                              // of the root resource, or ""
  std::vector<Issue> issues;                   // in the order of the source
  std::size_t issues_left_out = 0;
  std::vector<Issue> warnings;  // only if asked for; at most `issues_max`
  std::vector<FreeValue> free_values;
  std::vector<NarrativeSpan> narratives;
  std::vector<LiteralReference> references;

  bool ok() const { return issues.empty(); }
};

/// Validates the structure of a resource: names, types, cardinality, primitives, choices, required bindings, reference
/// targets, extensions and where they stand, codes of HL7's systems, units, contained resources and Bundles. The
/// document must outlive the reading. Diagnostics name the element and the rule and never a value. Pure; any thread.
Reading read_resource(const json::Document& document, const ReadOptions& options = {});

/// The issue for a body that is not JSON (or beyond its limits), with the line and column of the json error.
Issue json_issue(const Error& error);

}  // namespace ward::fhir
