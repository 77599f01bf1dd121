// Rates, quotas and shedding. Over a rate an answer is slowed first, then refused.
#include "services.hpp"
#include "shield/abuse.hpp"
#include "stages/stages.hpp"

#include <algorithm>

namespace ward::door {
namespace {

boost::asio::awaitable<void> sleep(std::chrono::milliseconds time) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

Refusal blocked() {
  return {.status = 403, .code = "address_blocked", .kind = CauseKind::limit, .cause = "blocklist", .issues = {{.code = "forbidden", .diagnostics = "this address is blocked for now"}}};
}

Refusal shed(Exchange& x) {
  x.services.counters.shed.add();
  return {.status = 503, .code = "overloaded", .kind = CauseKind::limit, .cause = "requests_max", .issues = {{.code = "transient", .diagnostics = "too much at once; try again shortly"}},
          .headers = {{"retry-after", "1"}}};
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
  const shield::LimitKey keys[] = {{shield::KeyKind::address, source}, {shield::KeyKind::route, x.route != nullptr ? x.route->name : "unrouted"}};
  const MonoTime now = x.services.clock.mono();
  x.by_source = x.live->limits->check(keys, now);
  if (x.by_source.verdict == shield::LimitVerdict::refuse) co_return refuse(limited(x, x.by_source));
  const auto probing = x.services.abuse.delay("address", source, now);
  const auto delay = std::max(x.by_source.delay, probing);
  if (delay.count() > 0) co_await sleep(delay);
  co_return Allowed<void>{};
}

boost::asio::awaitable<Allowed<void>> limit_caller(Exchange& x) {
  if (!x.caller) co_return Allowed<void>{};
  const identity::Caller& caller = *x.caller;
  std::vector<shield::LimitKey> keys{{shield::KeyKind::subject, caller.subject}};
  if (!caller.client_id.empty()) keys.push_back({shield::KeyKind::client, caller.client_id});
  const MonoTime now = x.services.clock.mono();
  x.by_caller = x.live->limits->check(keys, now);
  if (x.by_caller.verdict == shield::LimitVerdict::refuse) co_return refuse(limited(x, x.by_caller));
  if (x.live->quota.per_day != 0 || x.live->quota.per_month != 0) {
    auto taken = x.services.quotas.take(caller.client_id.empty() ? caller.subject : caller.client_id, x.live->quota, x.services.clock.wall());
    if (!taken) co_return refuse(taken.error());
  }
  const auto delay = std::max(x.by_caller.delay, x.services.abuse.delay("subject", caller.subject, now));
  if (delay.count() > 0) co_await sleep(delay);
  co_return Allowed<void>{};
}

}  // namespace ward::door
