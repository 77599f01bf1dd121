// Carries out a search: reads candidates from where the plan starts, tests each on its record, keeps a page.
#pragma once

#include "order.hpp"
#include "plan.hpp"
#include "sort_stream.hpp"

namespace ward::store {

/// Rows of a page, in order.
struct FoundRows {
  std::vector<std::int64_t> rows;
  std::vector<Version> versions;  // of the same rows, if they were read along with the test; else empty
  std::string next;
  std::optional<std::uint64_t> total;
  std::vector<std::string> referred;
};

/// Columns from `first` on: id, version, updated, live, patients, body.
Version version_of(Run& run, std::string_view type, int first);

/// One search inside one read transaction.
class Search {
 public:
  Search(const Query& query, Names& names, Connection& connection, Clock& clock)
      : query_(query), names_(names), connection_(connection), clock_(clock) {}

  /// Errors: "invalid_query", "search_too_costly" (after 5 s). Throws Failure.
  Result<FoundRows> run();

 private:
  struct Stopped {};  // out of time

  void find_page(const std::optional<Place>& after, MonoTime deadline);
  template <class Accept>
  void matches(std::int64_t after, MonoTime deadline, Accept accept);
  /// Leaves the resource's record in `entries_`, and itself in `version_` if `with_bodies_`.
  bool satisfied(std::int64_t row, MonoTime deadline);
  bool satisfied_by(std::int64_t row, std::string_view entries);
  bool has_words(std::int64_t row);
  void note_ids(std::int64_t row);
  std::vector<std::string> referred_ids();
  void page_by_row(const std::optional<Place>& after, MonoTime deadline);
  void page_by_collecting(const std::optional<Place>& after, MonoTime deadline, bool unvalued, std::size_t room);
  bool page_by_sort_index(const std::optional<Place>& after, MonoTime deadline);
  bool has_any(const std::vector<std::string_view>& marks);
  std::optional<std::uint64_t> count_all(std::chrono::milliseconds limit);

  const Query& query_;
  Names& names_;
  Connection& connection_;
  Clock& clock_;

  std::int64_t type_ = 0;
  Predicate predicate_;
  bool asks_ = false;  // whether branches look at versions themselves
  Plan plan_;
  std::optional<Order> order_;
  Entries entries_;
  std::string record_;
  unsigned tested_ = 0;
  std::vector<Place> found_;
  bool with_bodies_ = false;
  Version version_;
  std::vector<Version> versions_;
  std::set<std::int64_t> referred_;  // rows
  std::uint32_t referred_by_ = 0;
};

}  // namespace ward::store
