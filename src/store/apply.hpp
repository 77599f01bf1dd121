// Applies change sets inside the writer's transaction.
#pragma once

#include "entries.hpp"
#include "meta.hpp"
#include "names.hpp"
#include "squeeze.hpp"
#include "store/store.hpp"

#include <optional>

namespace ward::store {

struct PreparedChange {
  Change change;
  std::optional<MetaSpans> spans;  // none for remove
};

/// What one caller wants to be committed as a whole.
struct ChangeSet {
  std::vector<PreparedChange> changes;
  std::vector<Store::Entry> values;
  std::uint64_t intent = 0;
  std::size_t bytes = 0;
};

/// Checks everything that needs no disk, and finds where meta goes. In the caller's thread.
Result<ChangeSet> prepare(std::vector<Change> changes, std::uint64_t intent);
Result<ChangeSet> prepare(std::vector<Store::Entry> values);

/// Lives as long as the writer's connection.
class Applier {
 public:
  explicit Applier(Connection& connection) : connection_(connection), names_(connection) {}

  /// In a savepoint of its own: a set that is refused leaves no trace. Throws Failure (the whole transaction is lost).
  Result<std::vector<Done>> apply(ChangeSet& set, WallTime now);
  /// Index and words of a live resource anew, of the version that there is. Inside a transaction. Throws Failure.
  void index_again(std::int64_t row, std::string_view type, const IndexEntries& index);
  /// Whether a relationship was written since the last call.
  bool took_relationships() { return std::exchange(relationships_changed_, false); }

 private:
  struct Current {
    std::int64_t row = 0;
    std::uint64_t version = 0;
    bool live = false;
    std::int64_t updated = 0;
    std::string patients;
  };
  Result<std::vector<Done>> apply_or_refuse(ChangeSet& set, WallTime now);
  Result<std::vector<Done>> apply_all(ChangeSet& set, WallTime now);
  Result<Done> apply_change(PreparedChange& prepared, std::uint64_t intent, WallTime now);
  Current current(std::int64_t type, std::string_view id);
  void keep_old_version(const Current& old);
  void write_current(const Current& old, const PreparedChange& prepared, std::uint64_t intent, const Done& done);
  void write_moment(const Current& old, std::int64_t type, const Change& change, const Done& done);
  void write_index(const Current& old, std::int64_t type, const Change& change, const Done& done);
  void write_entries(std::int64_t row, const Entries* before, const Entries* after);
  void write_words(std::int64_t row, std::int64_t type, bool had, const IndexEntries* index);
  bool read_entries(std::int64_t row);
  void write_compartment(const Current& old, std::int64_t type, const std::vector<std::string>& patients);
  void write_relationships(const Current& old, const Change& change);
  void resolve(std::int64_t type, const IndexEntries& index, Entries& out);
  void insert(const IndexRow& row, std::int64_t resource);
  void erase(const IndexRow& row, std::int64_t resource);
  void put(const Store::Entry& entry);

  Connection& connection_;
  Names names_;
  Squeezer squeezer_;
  Entries old_entries_, new_entries_;
  std::string old_record_;  // old_entries_ points into it
  bool relationships_changed_ = false;
};

}  // namespace ward::store
