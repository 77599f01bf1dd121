#include "emergency.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
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
  return fmt::format(
      R"({{"person":{},"patient":{},"from":"{}","until":"{}","reviewed_by":{},"note":{},"reviewed":"{}"}})",
      json_string(one.person), json_string(one.patient), one.from_ms, one.until_ms, json_string(one.reviewed_by),
      json_string(one.note), one.reviewed_ms);
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
  return Emergency{root.string("person"),          root.string("patient"),     number(root.string("from")),
                   number(root.string("until")),   root.string("reviewed_by"), root.string("note"),
                   number(root.string("reviewed"))};
}

constexpr std::size_t digits = 15;      // of the time, at a key's beginning
constexpr std::size_t hash_bytes = 12;  // of a SHA-256

/// A key as a path's segment takes it, without who is meant in it; ids are in the order of time.
std::string id_of(const std::string& key) {
  const auto hash = crypto::sha256(key);
  return key.substr(0, digits) + "-" +
         base64url_encode(std::string_view(reinterpret_cast<const char*>(hash.data()), hash_bytes));
}

manage::EmergencyCase case_of(const std::string& key, const Emergency& one) {
  return {.id = id_of(key),
          .person = one.person,
          .patient = one.patient,
          .from_ms = one.from_ms,
          .until_ms = one.until_ms,
          .reviewed_by = one.reviewed_by,
          .note = one.note,
          .reviewed_ms = one.reviewed_ms};
}

}  // namespace

Emergencies::Kept::const_iterator Emergencies::locate(std::string_view id) const {
  const std::string_view time = id.substr(0, std::min(digits, id.size()));
  for (auto one = all_.lower_bound(std::string(time)); one != all_.end() && one->first.starts_with(time); ++one)
    if (id_of(one->first) == id) return one;
  return all_.end();
}

std::vector<manage::EmergencyCase> Emergencies::open_after(std::string_view id, std::size_t limit) const {
  const std::lock_guard lock(mutex_);
  std::vector<manage::EmergencyCase> found;
  auto one = id.empty() ? all_.begin() : locate(id);
  if (!id.empty() && one != all_.end()) ++one;
  for (; one != all_.end() && found.size() < limit; ++one)
    if (one->second.reviewed_by.empty()) found.push_back(case_of(one->first, one->second));
  return found;
}

std::optional<manage::EmergencyCase> Emergencies::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto one = locate(id);
  return one == all_.end() ? std::nullopt : std::optional(case_of(one->first, one->second));
}

Result<void> Emergencies::review(const std::string& id, std::string by, std::string note) {
  Emergency reviewed;
  std::string key;
  {
    const std::lock_guard lock(mutex_);
    const auto one = locate(id);
    if (one == all_.end()) return fail("not_found", "there is no such emergency");
    key = one->first;
    reviewed = one->second;
  }
  reviewed.reviewed_by = std::move(by);
  reviewed.note = std::move(note);
  reviewed.reviewed_ms = ms_of(clock_);
  if (auto kept = store_.put({{space, key, encode(reviewed)}}); !kept) return kept;
  const std::lock_guard lock(mutex_);
  all_.insert_or_assign(key, std::move(reviewed));
  return {};
}

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
    begun = {std::move(person),
             std::move(patient),
             now_ms,
             now_ms + std::chrono::duration_cast<std::chrono::milliseconds>(lifetime).count(),
             "",
             "",
             0};
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
