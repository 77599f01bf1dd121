// Values of parameters with a grammar of their own: near, :of-type, :in, words.
#pragma once

#include "search/result_params.hpp"
#include "search/values.hpp"

namespace ward::fhir::search {

/// latitude|longitude[|distance[|unit]] (R4 location.html, "Positional Searching"). Without a distance 5 km, without a
/// unit km.
Value<store::Match> near_value(std::string_view text);

/// system|code|value of an Identifier's type: as index.hpp says it.
Value<store::Match> of_type_value(std::string_view text);

/// Words that all occur.
Value<store::Match> words_value(std::string_view text);

/// The codes of the value set whose canonical URL is the value: "not-supported" if it is not loaded. A code without a
/// system is one of an element whose type is code.
std::expected<std::vector<store::Match>, Problem> codes_of_value_set(std::string_view param, std::string_view value);

}  // namespace ward::fhir::search
