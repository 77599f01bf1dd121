#include "idempotency.hpp"

namespace ward::manage {
namespace {

constexpr std::size_t entry_bytes = 512;  // keys, fingerprint and map

}  // namespace

Idempotency::Found Idempotency::begin(const std::string& caller, const std::string& key, std::string_view fingerprint,
                                      std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find({caller, key});
  if (found != all_.end() && (found->second.ends > now || found->second.answer == nullptr)) {
    const Entry& entry = found->second;
    if (entry.fingerprint != fingerprint) return {State::other_request, nullptr};
    if (entry.answer == nullptr) return {State::running, nullptr};
    return {State::done, entry.answer};
  }
  forget_old(now);
  while (all_.size() >= entries_max || bytes_ >= bytes_max || count_of(caller) >= per_caller_max)
    if (!drop_oldest_of(caller)) return {State::full, nullptr};
  all_.insert_or_assign({caller, key}, Entry{std::string(fingerprint), now + lifetime, ++begun_, nullptr});
  bytes_ += entry_bytes;
  return {State::fresh, nullptr};
}

void Idempotency::finish(const std::string& caller, const std::string& key, std::shared_ptr<const KeptAnswer> answer) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find({caller, key});
  if (found == all_.end()) return;
  if (answer == nullptr) {
    all_.erase(found);
    bytes_ -= entry_bytes;
    return;
  }
  bytes_ += answer->body.reveal().size();
  found->second.answer = std::move(answer);
}

void Idempotency::forget_old(std::int64_t now) {
  for (auto one = all_.begin(); one != all_.end();) {
    if (one->second.answer == nullptr || one->second.ends > now) {
      ++one;
      continue;
    }
    one = drop(one);
  }
}

bool Idempotency::drop_oldest_of(const std::string& caller) {
  auto oldest = all_.end();
  for (auto one = all_.lower_bound({caller, ""}); one != all_.end() && one->first.first == caller; ++one)
    if (one->second.answer != nullptr && (oldest == all_.end() || one->second.order < oldest->second.order))
      oldest = one;
  if (oldest == all_.end()) return false;
  drop(oldest);
  return true;
}

Idempotency::Entries::iterator Idempotency::drop(Entries::iterator finished) {
  bytes_ -= entry_bytes + finished->second.answer->body.reveal().size();
  return all_.erase(finished);
}

std::size_t Idempotency::count_of(const std::string& caller) const {
  std::size_t count = 0;
  for (auto one = all_.lower_bound({caller, ""}); one != all_.end() && one->first.first == caller; ++one) ++count;
  return count;
}

}  // namespace ward::manage
