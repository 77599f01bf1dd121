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
  const r4::SearchParam* param = nullptr;  // nullptr: _id, _lastUpdated, or _text and _content, which look at all words
  std::string code;                        // "subject"
  std::string modifier;                    // "identifier", "Patient", "missing" ..., without the colon
  bool sort = false;                       // used by _sort
};

struct Hop;

/// What comes along with what was found (R4 3.1.1.5.5): "Observation:subject:Patient".
struct Include {
  bool reverse = false;                    // _revinclude
  bool iterate = false;                    // :iterate: also from what came along
  std::string source;                      // the type that refers; empty: any (`_include=*`)
  const r4::SearchParam* param = nullptr;  // nullptr: every reference of `source` ("*")
  std::string target;                      // a type; empty: any
};

struct Search {
  store::Query query;  // `visible` and `after` are the caller's to fill
  /// Conditions on other resources. The caller resolves each, within what it may see there, to one of `resolved`, and
  /// adds that to the query: a Hop left out would show more than was asked for.
  std::vector<Hop> hops;
  std::vector<store::Condition> resolved;
  std::vector<Include> includes;
  Summary summary = Summary::none;
  std::vector<std::string> elements;
  std::string format;  // of _format, as given
  bool pretty = false;
  std::vector<UsedParam> used;
  std::vector<std::pair<std::string, std::string>> applied;  // name and value (decoded), for self_link
  std::vector<std::string> warnings;                         // lenient handling: what was left out, by name
};

/// A condition that looks through a reference, forward ("subject:Patient.name=...", R4 3.1.1.5.3) or backward
/// ("_has:Observation:patient:code=...", R4 3.1.1.5.4; "_list=7" is one, too).
struct Hop {
  const r4::SearchParam* param;  // the reference: of the type searched, or backward of the type that refers to it
  bool backward = false;
  std::vector<Search> among;  // one search per type that may be at the other end; each may have hops of its own
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
inline constexpr std::size_t hop_depth_max = 4;             // "a.b.c.d.name"
inline constexpr std::size_t hop_types_max = 8;             // at the end of an untyped hop
inline constexpr std::size_t hops_max = 16;                 // searches behind hops, in one request
inline constexpr std::size_t includes_max = 16;

/// Parses the raw query string (without '?') and the body of POST _search (application/x-www-form-urlencoded).
///
/// Numbers of NumberIs and QuantityIs: for eq, ne and ap the interval [low, high] of the implied precision; for the
/// others low == high == the value. Dates: always the interval that the text covers. The store widens `ap`. Refusal:
/// status 400, kind validation; issues "invalid", "not-supported" or "too-costly".
Allowed<Search> parse_search(std::string_view type, std::string_view query, std::string_view form = {},
                             const SearchOptions& options = {});

/// The search part of a conditional request (If-None-Exist, PUT Type?..., DELETE Type?...): the same grammar, at least
/// one condition, hops among them, no result parameters.
Allowed<Search> parse_condition(std::string_view type, std::string_view query, const SearchOptions& options = {});

/// Conditions of a scope ("category=vital-signs&..."), given as decoded names and values. Hops are refused.
Allowed<std::vector<store::Condition>> parse_constraints(
    std::string_view type, std::span<const std::pair<std::string, std::string>> constraints,
    const SearchOptions& options = {});

/// Whether a reference parameter may name resources of `type`.
bool may_name(const r4::SearchParam& param, std::string_view type);

/// Whether all types have the parameter (its name with or without a modifier), so that it may stand in a search of
/// several types.
bool is_common_param(std::string_view name);

/// BASE/TYPE?... of the parameters that were applied, percent-encoded, in the order they came.
std::string self_link(std::string_view base, const Search& search);

}  // namespace ward::fhir
