// How much a caller may ask for: rates (GCRA), quotas per day and month, and places at an upstream.
#pragma once

#include "base/clock.hpp"
#include "base/config.hpp"
#include "base/refusal.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::shield {

using Headers = std::vector<std::pair<std::string, std::string>>;  // names in lower case

/// What a rate is counted by.
enum class KeyKind : std::uint8_t { subject, client, address, route };
inline constexpr std::size_t key_kinds = 4;

/// One key of a request: {KeyKind::client, "app-1"}. An address is the text that address_key gives.
struct LimitKey {
  KeyKind kind;
  std::string_view value;
};

/// An IPv4 address, or the /64 of an IPv6 address (a /64 is one customer), or the IPv4 address mapped into it.
std::string address_key(const boost::asio::ip::address& address);

/// A rate by name: `per_second` in the long run, and up to `burst` at once.
struct RatePolicy {
  std::string name;  // of the header's item: "subject"
  KeyKind key = KeyKind::subject;
  double per_second = 100;
  std::uint32_t burst = 100;
  std::string where;  // "ward.toml:41", for the refusal's cause
};

struct LimitSettings {
  std::vector<RatePolicy> policies;           // at most policies_max
  std::chrono::milliseconds delay_max{1000};  // the longest that a request over its rate is held back
  std::uint32_t delayed_max = 1000;           // requests held back at one time, of all callers
  std::uint32_t keys_max = 65'536;            // keys remembered per policy
};
inline constexpr std::size_t policies_max = 8;

/// Reads [limits]: `subject`, `client`, `address`, `route` ("100/s", or "off"), `<key>_burst`, `delay_max`,
/// `delayed_max`, `keys_max`. What is absent stays as in `defaults`, so that [route.NAME.limits] lays over [limits].
LimitSettings default_limits();
LimitSettings read_limits(const config::Section& section, LimitSettings defaults = default_limits());

namespace detail {
struct Places;
struct GateState;
}  // namespace detail

/// Counts a held-back request while it waits; gives its place back when dropped.
class DelayTicket {
 public:
  DelayTicket() = default;
  explicit DelayTicket(std::shared_ptr<std::atomic<std::uint32_t>> count) : count_(std::move(count)) {}
  DelayTicket(DelayTicket&&) noexcept = default;
  DelayTicket& operator=(DelayTicket&& other) noexcept;
  ~DelayTicket();

 private:
  std::shared_ptr<std::atomic<std::uint32_t>> count_;
};

/// How one policy stands for this caller after the check.
struct Standing {
  const RatePolicy* policy = nullptr;  // lives as long as the Limits
  std::uint32_t remaining = 0;         // requests that would pass at once
  std::uint32_t reset_s = 0;           // seconds until `burst` is whole again
};

enum class LimitVerdict : std::uint8_t { allow, delay, refuse };

/// The answer of Limits::check. On `delay` the caller sleeps `delay`, holding the Decision, and goes on.
struct Decision {
  LimitVerdict verdict = LimitVerdict::allow;
  std::chrono::milliseconds delay{0};
  std::uint32_t retry_after_s = 0;  // of a refusal
  std::array<Standing, policies_max> standings;
  std::size_t standing_count = 0;
  std::size_t tightest = 0;  // index of the standing that binds first
  DelayTicket ticket;

  /// RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10), and Retry-After of a refusal.
  Headers headers() const;
  /// 429 `rate_limited`; the cause names policy, rate and line. Only of a refusal.
  Refusal refusal() const;
};

/// Generic cell rate algorithm over bounded tables, exact across cores.
///
/// Several policies count at once: a request passes only if each has room, and takes from all or from none. Over a
/// rate, requests are delayed in the order of their arrival by up to `delay_max`, then refused. A refused request takes
/// nothing, so that a client that waits as it was told passes.
/// Thread rule: `check` from any thread; a tiny lock per shard. Bound: `keys_max` per policy; a full bucket forgets the
/// key that is nearest to rest, so that a flood of new keys does not free a throttled one.
class Limits {
 public:
  explicit Limits(LimitSettings settings);
  ~Limits();
  Limits(const Limits&) = delete;
  Limits& operator=(const Limits&) = delete;

  /// Checks and takes one request for `keys` (at most one of a kind; policies of other kinds are left alone).
  Decision check(std::span<const LimitKey> keys, MonoTime now);
  const LimitSettings& settings() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

/// Both decisions of a request that was checked twice (by address, later by subject and client), for its headers.
Headers rate_headers(const Decision& first, const Decision& second);

// ---- quotas

struct Quota {
  std::uint64_t per_day = 0;  // 0: none
  std::uint64_t per_month = 0;
};
/// Reads `quota_day`, `quota_month` of [limits] or of a client's table.
Quota read_quota(const config::Section& section, Quota defaults = {});

/// What is kept of a client: requests in a UTC day and month.
struct QuotaCount {
  std::string client;
  std::int32_t day = 0;    // days since 1970-01-01
  std::int32_t month = 0;  // months since 1970-01
  std::uint64_t in_day = 0;
  std::uint64_t in_month = 0;
};

/// Requests per client, day and month (UTC). Any thread. Bound: `clients_max` counts in memory; one that was stored may
/// be forgotten and is loaded again when its client returns. A crash loses what was counted since the last `flush`.
class Quotas {
 public:
  using Load = std::function<std::optional<QuotaCount>(std::string_view client)>;  // called when a client is first seen
  using Store = std::function<void(const QuotaCount&)>;  // called from flush (and from take, when full)
  Quotas(Load load, Store store, std::size_t clients_max = 10'000);
  ~Quotas();

  /// Counts one request, or refuses it (429 `quota_exhausted`, Retry-After until the day's or month's end) and counts
  /// nothing.
  Allowed<void> take(std::string_view client, const Quota& quota, WallTime now);
  /// Stores what changed since the last time. Called every few seconds, and at stop.
  void flush();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

// ---- places at an upstream

/// Who is served first when not all can be. Health and admin do not pass a gate at all.
enum class Class : std::uint8_t { urgent, clinical, patient, bulk };  // urgent: emergency access and sign-in

struct GateSettings {
  std::uint32_t concurrent_max = 64;
  std::uint32_t queue_max = 256;
  std::chrono::milliseconds wait_max{2000};
};
/// Reads `concurrent_max`, `queue_max`, `wait_max` of an upstream's table.
GateSettings read_gate(const config::Section& section, GateSettings defaults = {});

/// A place; given back when dropped.
class Place {
 public:
  Place(Place&&) noexcept = default;
  Place& operator=(Place&& other) noexcept;
  ~Place();

 private:
  friend class Gate;
  explicit Place(std::shared_ptr<detail::GateState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::GateState> state_;
};

/// At most `concurrent_max` at a time; others queue by class, then in order of arrival, up to a deadline. A full queue
/// sheds the newest of the lowest class. Any thread; a waiter resumes on the executor that it waits on.
class Gate {
 public:
  Gate(std::string name, GateSettings settings);
  ~Gate();

  /// Waits for a place at most `wait_max` (the settings' if shorter). Refusal: 503 `overloaded` with Retry-After.
  boost::asio::awaitable<Allowed<Place>> enter(Class of, std::optional<std::chrono::milliseconds> wait_max = {});
  std::uint32_t inside() const;
  std::uint32_t waiting() const;

 private:
  std::shared_ptr<detail::GateState> state_;
};

}  // namespace ward::shield
