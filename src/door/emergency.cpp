#include "emergency.hpp"

#include "base/encoding.hpp"
#include "json/json.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <set>

namespace ward::door {
namespace {

constexpr const char* space = "access.emergency";
constexpr std::size_t page_size = 500;
constexpr std::int64_t kept_ms = std::int64_t{400} * 24 * 3600 * 1000;

std::int64_t ms_of(Clock& clock) { return clock.wall().time_since_epoch().count(); }

/// In the order of time.
std::string key_of(const Emergency& one) { return fmt::format("{:015}|{}|{}", one.from_ms, one.person, one.patient); }

std::string encode(const Emergency& one) {
  return fmt::format(R"({{"person":{},"patient":{},"from":"{}","until":"{}"}})", json_string(one.person),
                     json_string(one.patient), one.from_ms, one.until_ms);
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::optional<Emergency> decode(std::string_view text) {
  const auto document = json::Document::parse(text);
  if (!document) return std::nullopt;
  const json::Value root = document->root();
  return Emergency{root.string("person"), root.string("patient"), number(root.string("from")),
                   number(root.string("until"))};
}

}  // namespace

Result<std::unique_ptr<Emergencies>> Emergencies::open(store::Store& store, Clock& clock) {
  auto all = std::make_unique<Emergencies>(store, clock);
  if (auto loaded = all->load(); !loaded) return std::unexpected(loaded.error());
  return all;
}

Result<void> Emergencies::load() {
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  const std::lock_guard lock(mutex_);
  std::string after;
  while (true) {
    auto page = (*reader)->list(space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [key, value] : *page)
      if (auto one = decode(value)) all_.emplace(key, std::move(*one));
    if (page->size() < page_size) return {};
    after = page->back().first;
  }
}

void Emergencies::forget_old(std::int64_t now_ms) {
  std::vector<store::Store::Entry> gone;
  while (!all_.empty() && all_.begin()->second.from_ms < now_ms - kept_ms) {
    gone.push_back({space, all_.begin()->first, std::nullopt});
    all_.erase(all_.begin());
  }
  if (!gone.empty()) store_.queue(std::move(gone));
}

boost::asio::awaitable<Result<Emergency>> Emergencies::begin(std::string person, std::string patient) {
  std::optional<store::Queued> queued;
  Emergency begun;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t now_ms = ms_of(clock_);
    forget_old(now_ms);
    if (open_beside(person, patient) >= at_once_max)
      co_return fail("too_many", "too many records are open in an emergency already");
    begun = {std::move(person), std::move(patient), now_ms,
             now_ms + std::chrono::duration_cast<std::chrono::milliseconds>(lifetime).count()};
    all_.insert_or_assign(key_of(begun), begun);
    queued = store_.queue({{space, key_of(begun), encode(begun)}});
  }
  auto done = co_await queued->done();
  if (!done) {
    {
      const std::lock_guard lock(mutex_);
      all_.erase(key_of(begun));
    }
    generation_.fetch_add(1, std::memory_order_release);  // a Grant may have been made of it meanwhile
    co_return std::unexpected(done.error());
  }
  generation_.fetch_add(1, std::memory_order_release);
  co_return begun;
}

std::vector<std::int64_t> Emergencies::ends(std::string_view person) const {
  const std::int64_t now_ms = ms_of(clock_);
  std::vector<std::int64_t> found;
  const std::string from = fmt::format("{:015}", now_ms - std::chrono::milliseconds(lifetime).count());
  for (auto one = all_.lower_bound(from); one != all_.end(); ++one)
    if (one->second.person == person && one->second.until_ms > now_ms) found.push_back(one->second.until_ms);
  std::ranges::sort(found);
  return found;
}

std::size_t Emergencies::open_beside(std::string_view person, std::string_view patient) const {
  const std::int64_t now_ms = ms_of(clock_);
  std::set<std::string_view> found;
  const std::string from = fmt::format("{:015}", now_ms - std::chrono::milliseconds(lifetime).count());
  for (auto one = all_.lower_bound(from); one != all_.end(); ++one)
    if (one->second.person == person && one->second.patient != patient && one->second.until_ms > now_ms)
      found.insert(one->second.patient);
  return found.size();
}

std::vector<std::string> Emergencies::patients(std::string_view person) const {
  const std::lock_guard lock(mutex_);
  const std::int64_t now_ms = ms_of(clock_);
  std::vector<std::string> found;
  const std::string from = fmt::format("{:015}", now_ms - std::chrono::milliseconds(lifetime).count());
  for (auto one = all_.lower_bound(from); one != all_.end(); ++one)
    if (one->second.person == person && one->second.until_ms > now_ms) found.push_back(one->second.patient);
  return found;
}

std::optional<WallTime> Emergencies::first_end(std::string_view person) const {
  const std::lock_guard lock(mutex_);
  const auto all = ends(person);
  return all.empty() ? std::nullopt : std::optional(WallTime(std::chrono::milliseconds(all.front())));
}

std::optional<WallTime> Emergencies::last_end(std::string_view person) const {
  const std::lock_guard lock(mutex_);
  const auto all = ends(person);
  return all.empty() ? std::nullopt : std::optional(WallTime(std::chrono::milliseconds(all.back())));
}

std::vector<Emergency> Emergencies::about(std::string_view patient) const {
  const std::lock_guard lock(mutex_);
  std::vector<Emergency> found;
  for (auto one = all_.rbegin(); one != all_.rend(); ++one)
    if (one->second.patient == patient) found.push_back(one->second);
  return found;
}

}  // namespace ward::door
