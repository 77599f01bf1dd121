#include "bounded.hpp"

namespace ward::identity {

crypto::Sha256 SeenIds::key(std::string_view owner, std::string_view id) {
  return crypto::sha256({owner, std::string_view("\0", 1), id});
}

SeenIds::Outcome SeenIds::take(std::string_view owner, std::string_view id, std::int64_t ends, std::int64_t now) {
  const crypto::Sha256 digest = key(owner, id);
  const std::lock_guard lock(mutex_);
  if (const auto found = entries_.find(digest); found != entries_.end()) {
    if (found->second.ends > now) return Outcome::seen;
    found->second.ends = ends;
    return Outcome::fresh;
  }
  auto is_full = [&] {
    const auto owned = per_owner_.find(std::string(owner));
    return entries_.size() >= entries_max_ || (owned != per_owner_.end() && owned->second >= per_owner_max_);
  };
  if (is_full()) drop_ended(now);
  if (is_full()) return Outcome::full;
  ++per_owner_[std::string(owner)];
  entries_.emplace(digest, Entry{std::string(owner), ends});
  return Outcome::fresh;
}

bool SeenIds::has(std::string_view owner, std::string_view id) const {
  const crypto::Sha256 digest = key(owner, id);
  const std::lock_guard lock(mutex_);
  return entries_.contains(digest);
}

std::size_t SeenIds::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

// At most once a second: walking a full table for each attempt would be the attack.
void SeenIds::drop_ended(std::int64_t now) {
  if (now == swept_) return;
  swept_ = now;
  std::erase_if(entries_, [&](const auto& item) {
    if (item.second.ends > now) return false;
    if (--per_owner_[item.second.owner] == 0) per_owner_.erase(item.second.owner);
    return true;
  });
}

}  // namespace ward::identity
