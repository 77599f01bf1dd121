// Lexical rules of FHIR's primitive types, by hand because the published patterns are slow in a regular expression
// engine. tests/fhir/validate_primitive_test.cpp compares them with the published patterns.
#pragma once

#include "json/json.hpp"

#include <cstdint>
#include <string_view>

namespace ward::fhir {

enum class Primitive : std::uint8_t {
  base64_binary,
  boolean,
  canonical,
  code,
  date,
  date_time,
  decimal,
  id,
  instant,
  integer,
  markdown,
  oid,
  positive_int,
  string,
  time,
  unsigned_int,
  uri,
  url,
  uuid,
  xhtml,
};

Primitive primitive_of(std::string_view type);

/// What is wrong with the value, for a reader who knows its element; nullptr if nothing is. `code` becomes the FHIR
/// issue-type then.
struct PrimitiveProblem {
  const char* code;
  const char* rule;
};
const PrimitiveProblem* primitive_problem(Primitive type, json::Value value, std::string_view text);

/// The types whose JSON is a string; of the others, the text is the JSON token.
bool is_text(Primitive type);

/// True if a well-formed value of this type may still carry what a firewall should see.
bool is_free(Primitive type, std::string_view text);

bool is_id(std::string_view text);

}  // namespace ward::fhir
