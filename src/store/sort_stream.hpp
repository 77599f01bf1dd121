// Index tables read in their own order, for searches whose matches are too many to be collected and sorted.
#pragma once

#include "names.hpp"
#include "store/store.hpp"

namespace ward::store {

struct SortStream {
  enum class Kind : std::uint8_t { updated, id, date, string } kind;
  bool total;  // every resource is in it
  bool cut;    // its keys are cut to string_key_bytes
  Sql ascending, descending;

  /// The key in the form of Order's keys, cut if `cut`. Column 0 of the run is the row.
  std::string key(const Run& run) const;
};

/// Nothing if no index is in the order of that parameter. Throws Failure.
const SortStream* find_sort_stream(const Sort& sort, std::uint32_t param, Connection& connection);

/// From the key `from` on, itself included; from the start without one.
Run open_sort_stream(const SortStream& stream, const Sort& sort, std::int64_t type, std::uint32_t param,
                     const std::optional<std::string>& from, Connection& connection);

std::vector<Sql> sort_statements();

}  // namespace ward::store
