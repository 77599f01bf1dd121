// The tree of a compiled expression.
#pragma once

#include "path.hpp"

namespace ward::fhir::path {

struct Function;

enum class Op : std::uint8_t {
  none,
  add,
  subtract,
  multiply,
  divide,
  div,
  mod,
  concatenate,
  unite,
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  not_equal,
  equivalent,
  not_equivalent,
  in,
  contains,
  conjunction,
  disjunction,
  exclusive,
  implies,
  is,
  as,
  negate,
  plus
};

struct Node {
  enum Kind : std::uint8_t {
    literal,
    nothing,
    name,
    self,
    index,
    total,
    variable,
    call,
    dot,
    at,
    unary,
    binary,
    type_test
  } kind = nothing;
  Op op = Op::none;
  bool descending = false;  // a criterion of sort(), followed by "desc"
  bool leading = false;     // a name at the start of a path: may be the type of the focus
  std::string text;         // of name, variable and call
  std::string type_space;   // of type_test: "FHIR", "System" or ""
  Computed value;           // of literal
  const Function* function = nullptr;
  std::vector<Node> children;  // dot: focus, step; at: focus, position; call: arguments
};

}  // namespace ward::fhir::path
