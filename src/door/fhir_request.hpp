// What a request on a FHIR route asks for (R4 http.html), from method and path alone.
#pragma once

#include "access/subject.hpp"
#include "base/clock.hpp"
#include "base/refusal.hpp"
#include "fhir/operations/table.hpp"

namespace ward::door {

using access::Interaction;

/// The interaction, and the parts of the path that name its object.
struct FhirRequest {
  enum class Kind : std::uint8_t {
    resource,
    capabilities,
    bundle,
    operation,
    histories,   // of a type, or of the system (no type)
    search_all,  // of several types (no type)
  };
  Kind kind = Kind::resource;
  Interaction interaction = Interaction::read;  // of a resource; of an operation, what it needs first
  const OperationRow* operation = nullptr;      // of an operation
  std::string type, id;
  std::uint64_t version = 0;  // of vread
  bool conditional = false;   // PUT, PATCH or DELETE on Type?query
  /// Of an entry of a bundle, which has conditions of its own in the place of headers.
  std::string if_none_match;
  std::optional<WallTime> if_modified_since;
  std::string compartment;  // of a search in Patient/{id}/Type, Encounter/{id}/Type ...: the owner's id
  std::string owner;        // and type

  /// Of a search, behind the base: "Observation", "Patient/7/Observation".
  std::string search_path() const { return compartment.empty() ? type : owner + "/" + compartment + "/" + type; }
  std::string_view path_template() const;  // "/{type}/{id}", for records
};

/// Parses `rest`, the segments behind the FHIR base. A type that R4 does not have, a malformed id or version, a method
/// that the path does not have (405 with Allow), and operations that are not served (404) are refusals.
Allowed<FhirRequest> parse_fhir_request(std::string_view method, const std::vector<std::string>& rest, bool has_query);

/// R4 `id`: 1 to 64 of A-Z a-z 0-9 - .
bool is_fhir_id(std::string_view text);

}  // namespace ward::door
