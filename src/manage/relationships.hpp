// Relationships that another system pushes: who treats, cares for or acts for whom, beside those that are read out of
// resources. In force from the answer on.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "store/store.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ward::manage {

struct PushedRelationship {
  std::string id;       // follows from person, patient and kind: the same pushed twice is one
  std::string person;   // "Practitioner/3"
  std::string patient;  // id; of kind "member" the group: "Organization/2"
  std::string kind;     // care-team | panel | department | delegate | parent | member
  std::string source;   // the system that pushed it; may be empty
  std::int64_t from_ms = INT64_MIN, until_ms = INT64_MAX;
};

/// Kept in the store, and in memory for every decision. Any thread; changes one after another, blocking on the disk.
class Relationships {
 public:
  static constexpr std::size_t all_max = 1'000'000;

  static Result<std::unique_ptr<Relationships>> open(store::Store& store);
  explicit Relationships(store::Store& store) : store_(store) {}

  static std::string id_of(std::string_view person, std::string_view patient, std::string_view kind);

  /// Durable, and in force, when it returns. Errors: "directory_full", those of the store.
  Result<void> put(PushedRelationship one);
  Result<void> remove(const std::string& id);
  std::optional<PushedRelationship> find(std::string_view id) const;
  /// In the order of ids.
  std::vector<PushedRelationship> after(std::string_view id, std::size_t limit) const;

  /// Patients (or groups) that are related to `person` by `kind` now.
  std::vector<std::string> related(std::string_view person, std::string_view kind, WallTime now) const;
  /// Grows with every change; part of the key under which decisions are remembered.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  Result<void> load();
  static std::string key_of(std::string_view person, std::string_view kind);

  store::Store& store_;
  mutable std::mutex mutex_;
  std::map<std::string, PushedRelationship, std::less<>> all_;
  std::map<std::string, std::set<std::string>, std::less<>> by_person_;  // ids, by person and kind
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace ward::manage
