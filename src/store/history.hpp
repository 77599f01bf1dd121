// Walks through the versions of some types, newest first: one range of `written` for each type and patient, merged.
#pragma once

#include "names.hpp"
#include "store/store.hpp"

#include <queue>

namespace ward::store {

class HistoryWalk {
 public:
  /// Where the versions themselves come from.
  struct Sources {
    std::function<std::optional<Version>(std::int64_t row, std::string_view type)> current;
    std::function<std::optional<Version>(std::int64_t row, std::string_view type, std::string_view id,
                                         std::uint64_t version)>
        old;
  };
  HistoryWalk(const History& asked, Names& names, Connection& connection, Clock& clock, const Sources& sources);

  /// Throws Failure.
  Result<HistoryPage> run();

 private:
  /// Where a version stands in the order.
  struct Place {
    std::int64_t updated = INT64_MAX, row = INT64_MAX, version = INT64_MAX;
    auto operator<=>(const Place&) const = default;
  };
  /// One type of one patient (0: of everybody), read a few at a time: a connection has one statement of each text.
  struct Range {
    std::int64_t patient, type;
    std::string_view name;  // of the type
    Place last;             // what was read already
    std::vector<Place> read;
    std::size_t next = 0;
  };
  struct Head {
    Place place;
    std::size_t range;
    bool operator<(const Head& other) const { return place < other.place; }
  };

  Result<void> open_ranges();
  void open_ranges_of_everybody();
  void push_next(std::size_t range);
  void fill(Range& range);
  /// The version at a place, if it is to be shown.
  std::optional<Version> shown(const Place& place, std::string_view type);
  bool was_current_then(const Version& version, const Version& current, std::int64_t row);

  const History& asked_;
  Names& names_;
  Connection& connection_;
  Clock& clock_;
  const Sources& sources_;
  Place begin_;  // everything shown is before it
  std::size_t at_once_ = 1;
  std::vector<Range> ranges_;
  std::priority_queue<Head> heads_;
};

}  // namespace ward::store
