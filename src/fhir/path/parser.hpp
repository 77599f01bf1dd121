// Tokens to a tree: FHIRPath's operators by precedence (N1, "Operator Precedence").
#pragma once

#include "path/node.hpp"

namespace ward::fhir::path {

/// Errors: "path_syntax", "path_function".
Result<Node> parse(std::string_view text);

/// "FHIR.Patient", "Patient" or `Patient` as written in a tree; nullopt if the node is no type name.
struct TypeSpecifier {
  std::string space, name;
};
std::optional<TypeSpecifier> type_specifier(const Node& node);

}  // namespace ward::fhir::path
