#include "sign_in_guard.hpp"

#include <algorithm>

namespace ward::identity {
namespace {

constexpr std::int64_t forgotten_after = 60 * 60;
constexpr unsigned free_failures = 3;
constexpr std::chrono::milliseconds first_delay{250};
constexpr std::chrono::milliseconds delay_max{4000};

}  // namespace

crypto::Sha256 SignInGuard::key(std::string_view username, std::string_view known_device) {
  return crypto::sha256({username, std::string_view("\0", 1), known_device});
}

SignInGuard::Charge SignInGuard::charge(std::string_view username, std::string_view known_device, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  if (counts_.size() >= entries_max) make_room(now);
  Count& count = counts_[key(username, known_device)];
  if (now - count.last > forgotten_after) count = {};
  count.last = now;
  if (count.paused_until > now) return {.paused = true};
  Charge charge;
  if (count.failures >= free_failures)
    charge.delay = std::min(first_delay * (1U << std::min(count.failures - free_failures, 8U)), delay_max);
  if (++count.failures < failures_max) return charge;
  count.paused_until = now + pause_seconds;
  count.failures = 0;
  charge.began = true;
  return charge;
}

void SignInGuard::refund(std::string_view username, std::string_view known_device, const Charge& charge) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(key(username, known_device));
  if (found == counts_.end()) return;
  Count& count = found->second;
  if (charge.began) {  // the pause was this charge's own
    count.paused_until = 0;
    count.failures = failures_max - 1;
  } else if (count.failures > 0) {
    --count.failures;
  }
}

void SignInGuard::succeeded(std::string_view username, std::string_view known_device) {
  const std::lock_guard lock(mutex_);
  counts_.erase(key(username, known_device));
}

void SignInGuard::make_room(std::int64_t now) {
  std::erase_if(counts_, [&](const auto& one) { return now - one.second.last > 60 && one.second.paused_until <= now; });
  while (counts_.size() >= entries_max) counts_.erase(counts_.begin());
}

}  // namespace ward::identity
