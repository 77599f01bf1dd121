// The words of a resource, for the parameters _text and _content (R4 search.html 3.1.1.4.3).
#pragma once

#include "json/json.hpp"
#include "store/store.hpp"

namespace ward::fhir::index_plan {

inline constexpr std::size_t words_bytes_max = 64 * 1024;  // of narrative and content each; more is left out

/// The narrative's text, and all other words that a whole view of the type is sure to show: none of contained
/// resources, which have views of their own, nor what a reference says of its target.
void add_words(json::Value resource, store::IndexEntries& entries);

}  // namespace ward::fhir::index_plan
