// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a POST whose answer got lost may be sent again.
#pragma once

#include "base/guarded.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace ward::manage {

/// An answer as it went out. Its body may hold a secret that is shown once: who repeats the request is shown it again.
struct KeptAnswer {
  int status = 0;
  std::string location;
  Secret<std::string> body;
};

/// Answers by caller and key, for a day, in memory: a restart forgets them, and a repeated creation then says that it
/// exists. Any thread. Bounded: who has as many as they may loses their own oldest answer, and nobody else's; a request
/// that still runs is never dropped.
class Idempotency {
 public:
  static constexpr std::size_t entries_max = 10'000, per_caller_max = 1'000, bytes_max = 32u << 20;
  static constexpr std::int64_t lifetime = 24 * 3600;  // seconds

  enum class State : std::uint8_t { fresh, done, running, other_request, full };
  struct Found {
    State state;
    std::shared_ptr<const KeptAnswer> answer;  // of `done`
  };
  /// Takes the key for a request, in one step. `fingerprint`: of method, path and body.
  Found begin(const std::string& caller, const std::string& key, std::string_view fingerprint, std::int64_t now);
  /// Keeps the answer. Without one the key is free again.
  void finish(const std::string& caller, const std::string& key, std::shared_ptr<const KeptAnswer> answer);

 private:
  struct Entry {
    std::string fingerprint;
    std::int64_t ends = 0;
    std::uint64_t order = 0;                   // of beginning
    std::shared_ptr<const KeptAnswer> answer;  // null: still running
  };
  using Entries = std::map<std::pair<std::string, std::string>, Entry>;

  void forget_old(std::int64_t now);
  /// False: all that this caller has still run.
  bool drop_oldest_of(const std::string& caller);
  Entries::iterator drop(Entries::iterator finished);
  std::size_t count_of(const std::string& caller) const;

  std::mutex mutex_;
  Entries all_;
  std::uint64_t begun_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace ward::manage
