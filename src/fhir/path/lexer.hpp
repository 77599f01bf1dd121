// FHIRPath text to tokens (N1 grammar, "Lexical Elements").
#pragma once

#include "path.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir::path {

struct Token {
  enum Kind : std::uint8_t { end, name, quoted_name, text, number, temporal, symbol, variable, special } kind = end;
  std::string value;  // decoded: a name without backticks, a string without escapes, "$this", "<="
  Computed literal;   // of number and temporal
  std::size_t offset = 0;
};

/// Errors: "path_syntax".
Result<std::vector<Token>> tokenize(std::string_view text);

}  // namespace ward::fhir::path
