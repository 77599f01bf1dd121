// FHIR search requests: a query string (and form) to a store::Query, or a Refusal that names the parameter.
//
// Strict by default: what is unknown or not supported is refused and never ignored, for an ignored filter shows more
// than was asked for. Values are never repeated in a Refusal.
#pragma once

#include "base/refusal.hpp"
#include "r4/r4.hpp"
#include "store/store.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::fhir {

enum class Summary : std::uint8_t { none, yes, text, data, count };

/// A parameter that the search uses, so that access can check it against the caller's view.
struct UsedParam {
  const r4::SearchParam* param = nullptr;  // nullptr: _id or _lastUpdated
  std::string code;                        // "subject"
  std::string modifier;                    // "identifier", "Patient", "missing" ..., without the colon
  bool sort = false;                       // used by _sort
};

struct Search {
  store::Query query;  // `visible` and `after` are the caller's to fill
  Summary summary = Summary::none;
  std::vector<std::string> elements;
  std::string format;  // of _format, as given
  bool pretty = false;
  std::vector<UsedParam> used;
  std::vector<std::pair<std::string, std::string>> applied;  // name and value (decoded), for self_link
  std::vector<std::string> warnings;                         // lenient handling: what was left out, by name
};

struct SearchOptions {
  bool lenient = false;  // Prefer: handling=lenient
  std::size_t count_default = 50;
  std::size_t count_max = 1000;            // larger values of _count become this
  std::span<const std::string> own_bases;  // as IndexOptions
};

inline constexpr std::size_t search_params_max = 64;
inline constexpr std::size_t search_values_max = 200;       // in one parameter
inline constexpr std::size_t search_bytes_max = 16 * 1024;  // of query and form together

/// Parses the raw query string (without '?') and the body of POST _search (application/x-www-form-urlencoded).
///
/// Numbers of NumberIs and QuantityIs: for eq, ne and ap the interval [low, high] of the implied precision; for the
/// others low == high == the value. Dates: always the interval that the text covers. The store widens `ap`. Refusal:
/// status 400, kind validation; issues "invalid", "not-supported" or "too-costly".
Allowed<Search> parse_search(std::string_view type, std::string_view query, std::string_view form = {},
                             const SearchOptions& options = {});

/// The search part of a conditional request (If-None-Exist, PUT Type?..., DELETE Type?...): the same grammar, at least
/// one condition, no result parameters.
Allowed<Search> parse_condition(std::string_view type, std::string_view query, const SearchOptions& options = {});

/// Conditions of a scope ("category=vital-signs&..."), given as decoded names and values.
Allowed<std::vector<store::Condition>> parse_constraints(
    std::string_view type, std::span<const std::pair<std::string, std::string>> constraints,
    const SearchOptions& options = {});

/// BASE/TYPE?... of the parameters that were applied, percent-encoded, in the order they came.
std::string self_link(std::string_view base, const Search& search);

}  // namespace ward::fhir
