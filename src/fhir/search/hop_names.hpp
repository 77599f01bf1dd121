// Names of parameters that look through references, taken apart.
#pragma once

#include <optional>
#include <string_view>

namespace ward::fhir::search {

/// "subject:Patient.name:exact" -> subject, Patient, name:exact.
struct ChainName {
  std::string_view code, type, rest;
};
std::optional<ChainName> split_chain(std::string_view name);

/// "_has:Observation:patient:code" -> Observation, patient, code. `rest` may be another "_has:...".
struct HasName {
  std::string_view type, code, rest;
};
std::optional<HasName> split_has(std::string_view name);

}  // namespace ward::fhir::search
