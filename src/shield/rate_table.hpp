// One policy's keys and the time at which each is at rest again (GCRA's theoretical arrival time).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace ward::shield {

/// Buckets of eight entries of sixteen bytes; each shard of buckets has a lock. A key that is not in the table is at
/// rest.
///
/// When a bucket is full of keys that are not at rest, the one nearest to rest makes room. A key that is throttled is
/// the one farthest from rest, so a flood of new keys pushes out its own kind.
class RateTable {
 public:
  explicit RateTable(std::uint32_t keys_max);

  /// Locks the key's shard for as long as the reference lives; tables are locked in the order of their policies.
  class Entry {
   public:
    std::int64_t rest_at() const { return rest_at_; }
    void set(std::int64_t rest_at);

   private:
    friend class RateTable;
    struct Slot;
    std::unique_lock<std::mutex> lock_;
    Slot* slot_ = nullptr;
    std::uint64_t key_ = 0;
    std::int64_t rest_at_ = 0;
  };
  /// `key` is a keyed hash; not 0. `now` in the same clock as the times kept.
  Entry find(std::uint64_t key, std::int64_t now);

 private:
  static constexpr std::size_t ways = 8;
  static constexpr std::size_t shards = 64;
  struct alignas(64) Shard {
    std::mutex mutex;
  };

  std::size_t bucket_mask_;
  std::unique_ptr<Entry::Slot[]> slots_;
  std::unique_ptr<Shard[]> shards_;

 public:
  ~RateTable();
};

}  // namespace ward::shield
