// Where a search starts: the smallest set of rows that is sure to hold every match, as ranges of index tables.
#pragma once

#include "match.hpp"

namespace ward::store {

enum class RangeKind : std::uint8_t {
  id,
  reference,
  words,
  token,
  token_any_system,
  string,
  uri,
  quantity,
  number,
  compartment,
  date,
  updated,
  type,
};
std::string_view name(RangeKind kind);

/// A search range of one index table. Its statements are literals; the bounds are bound.
struct Range {
  using Bound = std::variant<std::int64_t, double, std::string>;
  RangeKind kind;
  std::vector<Bound> bounds;

  /// Rows above `after`; in ascending order if `ordered()`.
  Run rows(Connection& connection, std::int64_t after) const;
  bool ordered() const;
  /// How many rows, counted up to `limit`.
  std::size_t count(Connection& connection, std::size_t limit) const;
};

struct Plan {
  bool nothing = false;       // no resource can match
  bool dense = false;         // even the smallest set is large: read on in order rather than collect it
  std::vector<Range> ranges;  // together a superset of the matches

  /// One range that gives rows in order can be read without collecting.
  bool streams() const { return ranges.size() == 1 && ranges.front().ordered(); }
};

/// Sets up to this size are collected and sorted.
inline constexpr std::size_t collect_max = 32'768;

/// Throws Failure.
Plan choose_plan(const Predicate& predicate, std::int64_t type, Names& names, Connection& connection);

/// For tests: every statement text of the ranges, to be explained.
std::vector<Sql> range_statements();

}  // namespace ward::store
