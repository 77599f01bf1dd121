#include "limits.hpp"

#include <list>

namespace ward::shield {
namespace {

struct Calendar {
  std::int32_t day;
  std::int32_t month;
  std::chrono::sys_days day_end;
  std::chrono::sys_days month_end;
};

Calendar calendar_of(WallTime now) {
  using namespace std::chrono;
  const sys_days today = floor<days>(now);
  const year_month_day date(today);
  const year_month this_month = date.year() / date.month();
  return {.day = static_cast<std::int32_t>(today.time_since_epoch().count()),
          .month = (static_cast<int>(date.year()) - 1970) * 12 +
                   static_cast<std::int32_t>(static_cast<unsigned>(date.month())) - 1,
          .day_end = today + days(1),
          .month_end = sys_days((this_month + months(1)) / 1)};
}

std::unexpected<Refusal> exhausted(std::string_view period, std::uint64_t quota, WallTime now,
                                   std::chrono::sys_days end) {
  const auto wait_s = std::chrono::ceil<std::chrono::seconds>(end - now).count();
  Refusal refusal;
  refusal.status = 429;
  refusal.code = "quota_exhausted";
  refusal.kind = CauseKind::limit;
  refusal.cause = fmt::format("quota_{}: {} requests", period, quota);
  Issue issue;
  issue.code = "throttled";
  issue.diagnostics = fmt::format("The client's quota of {} requests per {} is used up; it begins anew in {} s.", quota,
                                  period, wait_s);
  refusal.issues.push_back(std::move(issue));
  refusal.headers.emplace_back("retry-after", std::to_string(wait_s));
  return refuse(std::move(refusal));
}

}  // namespace

struct Quotas::Inside {
  struct Kept {
    QuotaCount count;
    bool changed = false;
  };
  using Order = std::list<Kept>;  // the last used in front

  std::mutex mutex;
  Load load;
  Store store;
  std::size_t clients_max;
  Order order;
  std::unordered_map<std::string, Order::iterator> by_client;

  Kept& of(std::string_view client) {
    const std::string name(client);
    if (const auto found = by_client.find(name); found != by_client.end()) {
      order.splice(order.begin(), order, found->second);
      return *found->second;
    }
    if (order.size() >= clients_max) forget_last();
    Kept kept;
    if (auto stored = load ? load(client) : std::nullopt) kept.count = *stored;
    kept.count.client = name;
    order.push_front(std::move(kept));
    by_client.emplace(name, order.begin());
    return order.front();
  }

  void forget_last() {
    if (order.back().changed && store) store(order.back().count);
    by_client.erase(order.back().count.client);
    order.pop_back();
  }
};

Quotas::Quotas(Load load, Store store, std::size_t clients_max) : inside_(std::make_unique<Inside>()) {
  inside_->load = std::move(load);
  inside_->store = std::move(store);
  inside_->clients_max = std::max<std::size_t>(clients_max, 1);
}

Quotas::~Quotas() = default;

Allowed<void> Quotas::take(std::string_view client, const Quota& quota, WallTime now) {
  if (quota.per_day == 0 && quota.per_month == 0) return {};
  const Calendar calendar = calendar_of(now);
  const std::lock_guard lock(inside_->mutex);
  auto& kept = inside_->of(client);
  QuotaCount& count = kept.count;
  // A clock that goes back keeps the later period, or a jump would give the quota anew.
  if (calendar.day > count.day) count.day = calendar.day, count.in_day = 0;
  if (calendar.month > count.month) count.month = calendar.month, count.in_month = 0;
  if (quota.per_month > 0 && count.in_month >= quota.per_month)
    return exhausted("month", quota.per_month, now, calendar.month_end);
  if (quota.per_day > 0 && count.in_day >= quota.per_day) return exhausted("day", quota.per_day, now, calendar.day_end);
  ++count.in_day;
  ++count.in_month;
  kept.changed = true;
  return {};
}

void Quotas::flush() {
  std::vector<QuotaCount> changed;
  {
    const std::lock_guard lock(inside_->mutex);
    for (auto& kept : inside_->order) {
      if (!std::exchange(kept.changed, false)) continue;
      changed.push_back(kept.count);
    }
  }
  if (!inside_->store) return;
  for (const auto& count : changed) inside_->store(count);
}

}  // namespace ward::shield
