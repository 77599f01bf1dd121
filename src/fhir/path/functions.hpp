// The table of functions. Each takes the focus and its call, and evaluates its own arguments.
#pragma once

#include "path/evaluator.hpp"

#include <limits>

namespace ward::fhir::path {

struct Function {
  std::string_view name;
  std::size_t arguments_min, arguments_max;
  PathItems (*run)(Evaluator& in, const PathItems& focus, const Node& call, const Scope& scope);
  bool takes_type = false;  // the argument is a type's name
};

const Function* find_function(std::string_view name);

/// The groups, by chapter of N1; functions.cpp puts them together.
std::span<const Function> collection_functions();  // existence, filtering, subsetting, combining (5.1-5.4), tree (5.8)
std::span<const Function> conversion_functions();  // 5.5
std::span<const Function> string_functions();      // 5.6
std::span<const Function> math_functions();        // 5.7
std::span<const Function> utility_functions();     // 5.9, 6.3, FHIR's own
std::span<const Function> boundary_functions();    // of the continuous build

// What several groups need.

/// A string as the only item; too long a one is a limit error.
PathItems text_result(Evaluator& in, std::string text);
/// The single string of the focus or an argument. nullopt: empty, or an error that is set.
std::optional<std::string> single_text(Evaluator& in, const PathItems& items, std::string_view function);
std::optional<std::int64_t> single_integer(Evaluator& in, const PathItems& items, std::string_view function);

/// What toString(), toInteger() ... give; nullopt if there is no conversion.
std::optional<std::string> convert_to_text(const Computed& value);

}  // namespace ward::fhir::path
