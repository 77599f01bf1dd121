#include "verdict_memory.hpp"

namespace ward::shield {

VerdictMemory::VerdictMemory(std::size_t places)
    : pairs_(places / 2), tags_(new std::atomic<std::uint64_t>[pairs_ * 2]()) {}

VerdictMemory::Print VerdictMemory::print(std::uint64_t kind, std::string_view value) const noexcept {
  const std::uint64_t tag = keyed_hash(tag_key_, value, kind);
  return {2 * (keyed_hash(place_key_, value, kind) % pairs_), tag == 0 ? 1 : tag};
}

bool VerdictMemory::is_clean(std::uint64_t kind, std::string_view value) const noexcept {
  if (pairs_ == 0 || value.size() > value_bytes_max) return false;
  const Print at = print(kind, value);
  return tags_[at.place].load(std::memory_order_relaxed) == at.tag ||
         tags_[at.place + 1].load(std::memory_order_relaxed) == at.tag;
}

void VerdictMemory::remember_clean(std::uint64_t kind, std::string_view value) noexcept {
  if (pairs_ == 0 || value.size() > value_bytes_max) return;
  const Print at = print(kind, value);
  const std::uint64_t older = tags_[at.place].exchange(at.tag, std::memory_order_relaxed);
  if (older != at.tag) tags_[at.place + 1].store(older, std::memory_order_relaxed);
}

}  // namespace ward::shield
