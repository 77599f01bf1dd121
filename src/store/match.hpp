// Whether a resource's entries satisfy a query: FHIR R4 search semantics, in one place, without SQL.
#pragma once

#include "entries.hpp"
#include "names.hpp"
#include "store/store.hpp"

#include <unordered_set>

namespace ward::store {

/// A Match with its names made numbers. Points into the Query.
struct Test {
  const Match* match;
  bool possible = true;                // false: it names what no resource has
  std::optional<std::int64_t> system;  // of token and quantity; nothing: any
  std::vector<std::int64_t> targets;   // rows, of reference
};

struct Need {
  const Condition* condition;
  std::uint32_t param = 0;      // 0: no resource has such a value
  std::uint32_t longitude = 0;  // of NearIs: the other parameter
  std::vector<Test> tests;
  std::vector<std::vector<Need>> together = {};
  // Of many ids or references, as they come from the other end of a hop: to be looked up rather than gone through.
  std::unordered_set<std::string_view> ids = {};
  std::unordered_set<std::int64_t> targets = {};
};

struct Sight {
  bool all = false;
  std::unordered_set<std::string_view> patients;
  std::vector<Need> also;
  std::vector<std::string_view> sealed;  // marks
  const std::function<bool(const Version&)>* sees = nullptr;
};

/// A Query, ready to be tested against entries. Points into the Query, which outlives it.
struct Predicate {
  std::vector<Need> needs;
  std::vector<Sight> sights;
  std::int64_t now_ms = 0;
  /// Expressions for the table of words, each of which must find the resource, too: what no entry can tell. Who may not
  /// see all patients of a resource does not find it by its words, which may be about the others.
  std::vector<std::string> words = {};

  /// Without `version`, true also where only a branch's `sees` could say no.
  bool satisfied(const Entries& entries, const Version* version = nullptr) const;
  /// Whether a version has to be asked for at all.
  bool asks() const;
};

/// Throws Failure. `type` is the number of the query's type.
Predicate compile(const Query& query, std::int64_t type, Names& names, WallTime now);

// ---- what the prefixes mean (R4 search, 3.1.1.4.1 "Prefixes"), public for tests ----

/// Resource interval [low, high) against search interval [from, to), milliseconds.
bool date_compares(Compare how, std::int64_t low, std::int64_t high, std::int64_t from, std::int64_t to,
                   std::int64_t now);
/// The resource's value is the middle of its interval; eq and ne look whether the search's interval, made from its
/// precision, holds it; the others ignore the precision (R4 search, "Number").
bool number_compares(Compare how, double low, double high, double from, double to);
/// Whether `uri` is `base` or lies below it, at a "/" (or, for what has no path, is equal).
bool uri_below(std::string_view uri, std::string_view base);

/// Kilometres between two points on the globe.
double distance_km(double latitude, double longitude, double other_latitude, double other_longitude);

/// Bounds between which the middle of every matching number lies.
struct NumberBounds {
  double low, high;
};
NumberBounds number_bounds(Compare how, double from, double to);

}  // namespace ward::store
