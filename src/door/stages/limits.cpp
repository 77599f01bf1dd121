// Rates, quotas and shedding. Over a rate an answer is slowed first, then refused.
#include "services.hpp"
#include "shield/abuse.hpp"
#include "stages/stages.hpp"

#include <algorithm>

namespace ward::door {
namespace {

constexpr std::size_t slowed_max = 4096;  // per core; a source that is to be slowed is shed beyond it

Refusal blocked() {
  return {.status = 403,
          .code = "address_blocked",
          .kind = CauseKind::limit,
          .cause = "blocklist",
          .issues = {{.code = "forbidden", .diagnostics = "this address is blocked for now"}}};
}

Refusal shed(Exchange& x) {
  x.services.counters.shed.add();
  return {.status = 503,
          .code = "overloaded",
          .kind = CauseKind::limit,
          .cause = "requests_max",
          .issues = {{.code = "transient", .diagnostics = "too much at once; try again shortly"}},
          .headers = {{"retry-after", "1"}}};
}

/// A request that is held back is no work: those who are slowed must not use up the places of those who are not.
class HeldBack {
 public:
  explicit HeldBack(Core& core) : core_(core) { ++core_.slowed, --core_.running; }
  HeldBack(const HeldBack&) = delete;
  ~HeldBack() { --core_.slowed, ++core_.running; }

 private:
  Core& core_;
};

boost::asio::awaitable<Allowed<void>> hold_back(Exchange& x, std::chrono::milliseconds time) {
  if (time.count() <= 0) co_return Allowed<void>{};
  if (x.core.slowed >= slowed_max) co_return refuse(shed(x));
  const HeldBack held(x.core);
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return Allowed<void>{};
}

Refusal limited(Exchange& x, const shield::Decision& decision) {
  x.services.counters.limited.add();
  return decision.refusal();
}

}  // namespace

boost::asio::awaitable<Allowed<void>> limit_source(Exchange& x) {
  const auto& address = x.stream.peer().address;
  if (x.services.blocklist.blocked(address, x.services.clock.wall())) co_return refuse(blocked());
  if (x.core.running > x.live->requests_max) co_return refuse(shed(x));
  const std::string source = shield::address_key(address);
  const shield::LimitKey keys[] = {
      {shield::KeyKind::address, source},
      {shield::KeyKind::route, x.route != nullptr ? std::string_view(x.route->name) : "unrouted"}};
  const MonoTime now = x.services.clock.mono();
  x.by_source = x.live->limits->check(keys, now);
  if (x.by_source.verdict == shield::LimitVerdict::refuse) co_return refuse(limited(x, x.by_source));
  auto held = co_await hold_back(x, x.by_source.delay);
  co_return held;
}

boost::asio::awaitable<Allowed<void>> limit_caller(Exchange& x) {
  if (!x.caller) co_return Allowed<void>{};
  const identity::Caller& caller = *x.caller;
  const std::string subject = subject_key(caller);
  std::vector<shield::LimitKey> keys{{shield::KeyKind::subject, subject}};
  if (!caller.client_id.empty()) keys.push_back({shield::KeyKind::client, caller.client_id});
  const MonoTime now = x.services.clock.mono();
  x.by_caller = x.live->limits->check(keys, now);
  if (x.by_caller.verdict == shield::LimitVerdict::refuse) co_return refuse(limited(x, x.by_caller));
  if (x.live->quota.per_day != 0 || x.live->quota.per_month != 0) {
    auto taken = x.services.quotas.take(caller.client_id.empty() ? caller.subject : caller.client_id, x.live->quota,
                                        x.services.clock.wall());
    if (!taken) co_return refuse(taken.error());
  }
  auto held = co_await hold_back(x, std::max(x.by_caller.delay, x.services.abuse.delay("subject", subject, now)));
  co_return held;
}

boost::asio::awaitable<Allowed<void>> slow_unknown(Exchange& x) {
  const auto delay =
      x.services.abuse.delay("address", shield::address_key(x.stream.peer().address), x.services.clock.mono());
  auto held = co_await hold_back(x, delay);
  co_return held;
}

}  // namespace ward::door
