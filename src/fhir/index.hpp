// The search index of a resource: every R4 search parameter of its type, evaluated, as rows for the store.
//
// Rules of http://hl7.org/fhir/R4/search.html: what each data type gives to each parameter type. `_id` and
// `_lastUpdated` are the store's own columns and give no row.
#pragma once

#include "base/error.hpp"
#include "json/json.hpp"
#include "store/store.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir {

struct IndexOptions {
  /// Our own base addresses without a trailing slash ("https://clinic.example/fhir"): absolute references to them are
  /// local.
  std::span<const std::string> own_bases;
  bool words = true;                 // narrative and content, too: for what is stored
  std::size_t entries_max = 20'000;  // rows of one resource; more is the error "index_too_large"
};

/// The rows of a resource that passed validation. `id` is the id it will be stored under. Expressions are compiled at
/// the first use of a type and kept for the life of the program. Any thread.
///
/// Numbers and quantities: a single value is a point (low == high; its precision does not matter, R4 3.1.1.4.8), a
/// Range or a comparator is an interval, open sides are infinite. `quantity.system/code/unit` as given. References:
/// versions are dropped, contained ones ("#a") skipped, canonical URLs are kept as given and, where they have
/// "|version", also without it. `Reference.identifier` is a TokenEntry of "code:identifier", an Identifier with its
/// type one of "code:of-type" (system and code of the type, '|', the value), what a code says to people a StringEntry
/// of "code:text", a Location's position the numbers "near" and "near:longitude". When these rules change, so does
/// `index_rules`.
inline constexpr std::int64_t index_rules = 2;
Result<store::IndexEntries> index(const json::Document& document, std::string_view type, std::string_view id,
                                  const IndexOptions& options = {});

/// How text is folded for StringEntry::folded and StringIs: NFKD without marks, case folded, white space collapsed.
std::string fold(std::string_view text);

/// A literal reference taken apart. All empty: contained or no reference. `url` for what is not ours.
struct ReferenceParts {
  std::string type, id, version, url;
  bool local() const { return !type.empty(); }
};
ReferenceParts split_reference(std::string_view reference, std::span<const std::string> own_bases = {});

/// All texts of Reference.reference in the resource, contained resources included, in the order of the document.
std::vector<std::string> literal_references(json::Value resource, std::string_view type);

/// Milliseconds [low, high) that a FHIR date, dateTime or instant covers (UTC where no zone is given); nullopt if it is
/// none.
struct TimeInterval {
  std::int64_t low, high;
};
std::optional<TimeInterval> time_interval(std::string_view text);

}  // namespace ward::fhir
