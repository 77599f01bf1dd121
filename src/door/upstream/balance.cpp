#include "upstream/balance.hpp"

namespace ward::door {
namespace {

constexpr int retry_cost = 10, retry_tenths_max = 100;

/// Not for secrets: spreads load only.
std::uint32_t dice() {
  thread_local std::uint32_t state =
      static_cast<std::uint32_t>(std::hash<std::thread::id>{}(std::this_thread::get_id())) | 1U;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

}  // namespace

Balance::Balance(const UpstreamSettings& settings, Clock& clock)
    : failures_max_(settings.failures_max), open_for_(settings.open_for), clock_(clock) {
  for (const std::string& origin : settings.addresses) addresses_.push_back(std::make_unique<Address>(origin));
}

Balance::Turn::Turn(Balance& balance, std::size_t index, bool probe)
    : balance_(&balance), index_(index), probe_(probe) {
  ++balance.addresses_[index]->running;
}

Balance::Turn::~Turn() {
  if (balance_ == nullptr) return;
  --balance_->addresses_[index_]->running;
  if (!reported_ && probe_) balance_->settle(index_, probe_, false);
}

void Balance::Turn::report(bool worked) {
  reported_ = true;
  balance_->settle(index_, probe_, worked);
}

void Balance::settle(std::size_t index, bool probe, bool worked) {
  Address& address = *addresses_[index];
  if (worked) {
    address.failures = 0;
    if (probe) address.open_until = 0;
  } else if (++address.failures >= failures_max_ || probe) {
    address.open_until = now() + open_for_.count();
  }
  if (probe) address.probing = false;
}

std::optional<Balance::Turn> Balance::choose(std::optional<std::size_t> but) {
  std::vector<std::size_t> closed;
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    Address& address = *addresses_[i];
    if (is_closed(address)) {
      closed.push_back(i);
      continue;
    }
    const std::int64_t until = address.open_until;
    bool free = false;
    if (address.alive && until != 0 && now() >= until && address.probing.compare_exchange_strong(free, true))
      return Turn(*this, i, true);
  }
  if (closed.size() > 1 && but) std::erase(closed, *but);
  if (closed.empty()) return std::nullopt;
  const std::size_t first = closed[dice() % closed.size()], second = closed[dice() % closed.size()];
  return Turn(*this, addresses_[first]->running <= addresses_[second]->running ? first : second, false);
}

void Balance::checked(std::size_t index, bool alive) {
  Address& address = *addresses_[index];
  address.alive = alive;
  if (alive && address.open_until != 0 && now() >= address.open_until && !address.probing) {
    address.failures = 0;
    address.open_until = 0;
  }
}

std::size_t Balance::healthy() const {
  return static_cast<std::size_t>(
      std::count_if(addresses_.begin(), addresses_.end(), [&](const auto& one) { return is_closed(*one); }));
}

bool Balance::take_retry() {
  int have = retry_tenths_;
  while (have >= retry_cost)
    if (retry_tenths_.compare_exchange_weak(have, have - retry_cost)) return true;
  return false;
}

void Balance::earn_retry() {
  int have = retry_tenths_;
  while (have < retry_tenths_max)
    if (retry_tenths_.compare_exchange_weak(have, have + 1)) return;
}

}  // namespace ward::door
