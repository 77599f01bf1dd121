#include "rate_table.hpp"

#include <bit>

namespace ward::shield {

struct RateTable::Entry::Slot {
  std::uint64_t key = 0;  // 0: empty
  std::int64_t rest_at = 0;
};

RateTable::RateTable(std::uint32_t keys_max) {
  const std::size_t buckets = std::bit_ceil(std::max<std::size_t>(keys_max / ways, shards));
  bucket_mask_ = buckets - 1;
  slots_ = std::make_unique<Entry::Slot[]>(buckets * ways);
  shards_ = std::make_unique<Shard[]>(shards);
}

RateTable::~RateTable() = default;

RateTable::Entry RateTable::find(std::uint64_t key, std::int64_t now) {
  const std::size_t bucket = key & bucket_mask_;
  Entry entry;
  entry.lock_ = std::unique_lock(shards_[bucket % shards].mutex);
  entry.key_ = key;
  entry.rest_at_ = now;
  Entry::Slot* begin = &slots_[bucket * ways];
  entry.slot_ = begin;
  for (Entry::Slot* slot = begin; slot != begin + ways; ++slot) {
    if (slot->key == key) {
      entry.slot_ = slot;
      entry.rest_at_ = std::max(slot->rest_at, now);
      return entry;
    }
    if (slot->rest_at < entry.slot_->rest_at) entry.slot_ = slot;
  }
  return entry;
}

void RateTable::Entry::set(std::int64_t rest_at) {
  slot_->key = key_;
  slot_->rest_at = rest_at;
}

}  // namespace ward::shield
