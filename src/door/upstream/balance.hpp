// Which of an upstream's addresses takes the next request: health, circuits, load, and the budget of retries.
#pragma once

#include "door/upstream.hpp"

#include <atomic>

namespace ward::door {

/// One address as all cores see it.
struct Address {
  explicit Address(std::string origin_in) : origin(std::move(origin_in)) {}
  const std::string origin;
  std::atomic<bool> alive{true};            // by active checks
  std::atomic<unsigned> failures{0};        // in a row
  std::atomic<std::int64_t> open_until{0};  // nanoseconds of the monotonic clock; 0: the circuit is closed
  std::atomic<bool> probing{false};         // half-open: one request tries
  std::atomic<unsigned> running{0};
};

/// Any thread.
class Balance {
 public:
  Balance(const UpstreamSettings& settings, Clock& clock);

  /// One request on one address. Counts as failed if it is dropped without a word.
  class Turn {
   public:
    Turn(Turn&& other) noexcept
        : balance_(std::exchange(other.balance_, nullptr)), index_(other.index_), probe_(other.probe_) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();
    std::size_t index() const { return index_; }
    /// What became of it.
    void report(bool worked);

   private:
    friend class Balance;
    Turn(Balance& balance, std::size_t index, bool probe);
    Balance* balance_;
    std::size_t index_;
    bool probe_, reported_ = false;
  };

  /// The less busy one of two healthy addresses, not `but` if there is another. None if no circuit is closed.
  std::optional<Turn> choose(std::optional<std::size_t> but = std::nullopt);
  /// Result of an active check. Success closes an open circuit whose time is over.
  void checked(std::size_t index, bool alive);
  std::size_t healthy() const;
  std::size_t size() const { return addresses_.size(); }
  const std::string& origin(std::size_t index) const { return addresses_[index]->origin; }

  /// Retries may be a tenth of requests, and ten at once: an upstream that fails does not get twice the load.
  bool take_retry();
  void earn_retry();

 private:
  std::int64_t now() const { return clock_.mono().time_since_epoch().count(); }
  void settle(std::size_t index, bool probe, bool worked);
  bool is_closed(const Address& address) const { return address.alive && address.open_until == 0; }

  const unsigned failures_max_;
  const std::chrono::nanoseconds open_for_;
  Clock& clock_;
  std::vector<std::unique_ptr<Address>> addresses_;
  std::atomic<int> retry_tenths_{100};
};

}  // namespace ward::door
