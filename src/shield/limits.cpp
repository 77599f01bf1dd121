#include "limits.hpp"

#include "keyed_hash.hpp"
#include "rate_table.hpp"

#include <fmt/compile.h>
#include <cmath>

namespace ward::shield {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::uint32_t seconds_up(std::int64_t ns) {
  return ns <= 0 ? 0 : static_cast<std::uint32_t>((ns + second_ns - 1) / second_ns);
}

/// GCRA in nanoseconds: one request costs `interval`, and `burst` of them may be owed.
struct Pace {
  std::int64_t interval;
  std::int64_t tolerance;

  explicit Pace(const RatePolicy& policy)
      : interval(std::max<std::int64_t>(1, std::llround(1e9 / policy.per_second))),
        tolerance(interval * policy.burst) {}
};

/// q and w of RateLimit-Policy: what may be used within a whole number of seconds.
std::pair<std::uint64_t, std::uint64_t> quota_and_window(const RatePolicy& policy) {
  const double window = policy.burst / policy.per_second;
  if (window < 1) return {static_cast<std::uint64_t>(std::max(1.0, policy.per_second)), 1};
  return {policy.burst, static_cast<std::uint64_t>(std::ceil(window - 1e-9))};
}

std::string policy_item(const RatePolicy& policy) {
  const auto [quota, window] = quota_and_window(policy);
  return fmt::format(FMT_COMPILE("\"{}\";q={};w={}"), policy.name, quota, window);
}

std::string limit_item(const Standing& standing) {
  return fmt::format(FMT_COMPILE("\"{}\";r={};t={}"), standing.policy->name, standing.remaining, standing.reset_s);
}

/// Binds first: fewest requests left; of equals, the longest until it is whole again.
bool tighter(const Standing& a, const Standing& b) {
  return a.remaining != b.remaining ? a.remaining < b.remaining : a.reset_s > b.reset_s;
}

}  // namespace

std::string address_key(const boost::asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return boost::asio::ip::address_v6(bytes).to_string() + "/64";
}

DelayTicket& DelayTicket::operator=(DelayTicket&& other) noexcept {
  std::swap(count_, other.count_);
  return *this;
}

DelayTicket::~DelayTicket() {
  if (count_) count_->fetch_sub(1, std::memory_order_relaxed);
}

Headers Decision::headers() const { return rate_headers(*this, {}); }

Refusal Decision::refusal() const {
  WARD_ASSERT(verdict == LimitVerdict::refuse && standing_count > 0);
  const RatePolicy& policy = *standings[tightest].policy;
  Refusal refusal;
  refusal.status = 429;
  refusal.code = "rate_limited";
  refusal.kind = CauseKind::limit;
  refusal.cause = fmt::format("{}{}limits.{}: {}/s, {} at once", policy.where, policy.where.empty() ? "" : ": ",
                              policy.name, policy.per_second, policy.burst);
  Issue issue;
  issue.code = "throttled";
  issue.diagnostics = fmt::format("Too many requests by this {}; wait {} s (Retry-After).", policy.name, retry_after_s);
  refusal.issues.push_back(std::move(issue));
  refusal.headers = headers();
  return refusal;
}

Headers rate_headers(const Decision& first, const Decision& second) {
  std::string policies;
  const Standing* tightest = nullptr;
  for (const Decision* decision : {&first, &second}) {
    for (std::size_t i = 0; i < decision->standing_count; ++i) {
      const Standing& standing = decision->standings[i];
      policies.append(policies.empty() ? "" : ", ").append(policy_item(*standing.policy));
      if (!tightest || tighter(standing, *tightest)) tightest = &standing;
    }
  }
  if (!tightest) return {};
  Headers headers{{"ratelimit-policy", std::move(policies)}, {"ratelimit", limit_item(*tightest)}};
  for (const Decision* decision : {&first, &second}) {
    if (decision->verdict == LimitVerdict::refuse)
      headers.emplace_back("retry-after", std::to_string(decision->retry_after_s));
  }
  return headers;
}

struct Limits::Inside {
  LimitSettings settings;
  std::vector<Pace> paces;
  std::vector<std::unique_ptr<RateTable>> tables;
  HashKey hash_key = HashKey::random();
  std::shared_ptr<std::atomic<std::uint32_t>> delayed = std::make_shared<std::atomic<std::uint32_t>>(0);

  /// A ticket, unless too many wait already.
  bool take_ticket(DelayTicket& ticket) {
    if (delayed->fetch_add(1, std::memory_order_relaxed) >= settings.delayed_max) {
      delayed->fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    ticket = DelayTicket(delayed);
    return true;
  }
};

Limits::Limits(LimitSettings settings) : inside_(std::make_unique<Inside>()) {
  WARD_ASSERT(settings.policies.size() <= policies_max);
  inside_->settings = std::move(settings);
  for (const auto& policy : inside_->settings.policies) {
    WARD_ASSERT(policy.per_second > 0 && policy.burst > 0);
    inside_->paces.emplace_back(policy);
    inside_->tables.push_back(std::make_unique<RateTable>(inside_->settings.keys_max));
  }
}

Limits::~Limits() = default;

const LimitSettings& Limits::settings() const { return inside_->settings; }

Decision Limits::check(std::span<const LimitKey> keys, MonoTime now_point) {
  const std::int64_t now = now_point.time_since_epoch().count();
  std::array<RateTable::Entry, policies_max> entries;  // the locks, in the order of the policies
  std::array<std::size_t, policies_max> policy_of{};
  Decision decision;
  std::int64_t wait = 0;
  for (std::size_t policy = 0; policy < inside_->tables.size(); ++policy) {
    const auto key = std::ranges::find(keys, inside_->settings.policies[policy].key, &LimitKey::kind);
    if (key == keys.end() || key->value.empty()) continue;
    const std::size_t at = decision.standing_count++;
    policy_of[at] = policy;
    entries[at] = inside_->tables[policy]->find(keyed_hash(inside_->hash_key, key->value) | 1, now);
    const Pace& pace = inside_->paces[policy];
    const std::int64_t own_wait = entries[at].rest_at() + pace.interval - pace.tolerance - now;
    if (own_wait > wait) decision.tightest = at;
    wait = std::max(wait, own_wait);
  }
  if (wait > 0) {
    const bool short_enough = wait <= std::chrono::nanoseconds(inside_->settings.delay_max).count();
    const bool held = short_enough && inside_->take_ticket(decision.ticket);
    decision.verdict = held ? LimitVerdict::delay : LimitVerdict::refuse;
    decision.delay = held ? std::chrono::milliseconds((wait + 999'999) / 1'000'000) : std::chrono::milliseconds(0);
    decision.retry_after_s = held ? 0 : std::max<std::uint32_t>(1, seconds_up(wait));
  }
  const std::size_t binding = decision.tightest;
  for (std::size_t at = 0; at < decision.standing_count; ++at) {
    const Pace& pace = inside_->paces[policy_of[at]];
    std::int64_t rest_at = entries[at].rest_at();
    if (decision.verdict != LimitVerdict::refuse) entries[at].set(rest_at += pace.interval);
    Standing& standing = decision.standings[at];
    standing.policy = &inside_->settings.policies[policy_of[at]];
    standing.remaining =
        static_cast<std::uint32_t>(std::max<std::int64_t>(0, (pace.tolerance - (rest_at - now)) / pace.interval));
    standing.reset_s = seconds_up(rest_at - now);
    if (tighter(standing, decision.standings[decision.tightest])) decision.tightest = at;
  }
  if (decision.verdict == LimitVerdict::refuse) decision.tightest = binding;  // the cause, for the refusal
  return decision;
}

}  // namespace ward::shield
