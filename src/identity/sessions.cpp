#include "sessions.hpp"

#include "members.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace ward::identity {
namespace {

constexpr const char* space = "identity.session";
constexpr std::size_t page_size = 500;
constexpr std::int64_t seen_write_after = 60;  // how far `seen` in the store may lag: a restart ends a session sooner

constexpr Member<Session> members[] = {
    {"hash", &Session::hash},
    {"id", &Session::id},
    {"username", &Session::username},
    {"generation", &Session::generation},
    {"amr", &Session::amr},
    {"complete", &Session::complete},
    {"created", &Session::created},
    {"seen", &Session::seen},
    {"auth_time", &Session::auth_time},
    {"idle", &Session::idle},
    {"ends", &Session::ends},
    {"device", &Session::device},
    {"network", &Session::network},
};

}  // namespace

Result<void> Sessions::load(std::int64_t now) {
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  const std::lock_guard lock(mutex_);
  std::string after;
  std::vector<store::Store::Entry> over;
  while (true) {
    auto page = (*reader)->list(space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [key, value] : *page) {
      auto read = read_members<Session>(value, members);
      if (!read) return std::unexpected(read.error());
      if (read->over(now)) {
        over.push_back({space, key, std::nullopt});
        continue;
      }
      remember(std::move(*read));
    }
    if (page->size() < page_size) break;
    after = page->back().first;
  }
  return over.empty() ? Result<void>() : store_.put(std::move(over));
}

std::shared_ptr<const Session> Sessions::find(std::string_view hash, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(hash));
  if (found == all_.end() || found->second->over(now)) return nullptr;
  if (found->second->seen < now) {
    auto seen = std::make_shared<Session>(*found->second);
    const bool write = now - seen->seen >= seen_write_after;
    seen->seen = now;
    found->second = seen;
    if (write) store_.queue({{space, seen->hash, write_members(*seen, members)}});
  }
  return found->second;
}

Result<store::Queued> Sessions::begin(Session session, std::string_view before, std::int64_t now, bool goes_on) {
  const std::lock_guard lock(mutex_);
  if (goes_on && !all_.contains(std::string(before))) return fail("session_over", "the session was ended meanwhile");
  std::vector<store::Store::Entry> entries;
  if (!before.empty()) forget(std::string(before), entries);
  make_room(session, now, entries);
  if (all_.size() >= entries_max) return fail("sessions_full", "too many people are signed in at this moment");
  entries.push_back({space, session.hash, write_members(session, members)});
  remember(std::move(session));
  return store_.queue(std::move(entries));
}

void Sessions::make_room(const Session& session, std::int64_t now, std::vector<store::Store::Entry>& entries) {
  const auto [first, last] = by_person_.equal_range(session.username);
  std::vector<std::shared_ptr<const Session>> own;
  for (auto one = first; one != last; ++one)
    if (const auto found = all_.find(*one->second); found != all_.end()) own.push_back(found->second);
  std::ranges::sort(own, {}, [](const auto& one) { return one->seen; });
  for (std::size_t i = 0; i < own.size(); ++i)
    if (own[i]->over(now) || own.size() - i >= per_person_max) forget(own[i]->hash, entries);
  if (all_.size() < entries_max || now - swept_ < 60) return;
  swept_ = now;
  std::vector<std::string> over;
  for (const auto& [hash, one] : all_)
    if (one->over(now)) over.push_back(hash);
  for (const std::string& hash : over) forget(hash, entries);
}

std::optional<store::Queued> Sessions::end(std::string_view hash) {
  const std::lock_guard lock(mutex_);
  std::vector<store::Store::Entry> entries;
  forget(std::string(hash), entries);
  if (entries.empty()) return std::nullopt;
  return store_.queue(std::move(entries));
}

std::pair<std::size_t, std::optional<store::Queued>> Sessions::end_all(std::string_view username,
                                                                       std::string_view except) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> hashes;
  const auto [first, last] = by_person_.equal_range(username);
  for (auto one = first; one != last; ++one)
    if (*one->second != except) hashes.push_back(*one->second);
  std::vector<store::Store::Entry> entries;
  for (const std::string& hash : hashes) forget(hash, entries);
  if (entries.empty()) return {0, std::nullopt};
  return {hashes.size(), store_.queue(std::move(entries))};
}

std::vector<Session> Sessions::of_person(std::string_view username, std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Session> found;
  const auto [first, last] = by_person_.equal_range(username);
  for (auto one = first; one != last; ++one)
    if (const auto place = all_.find(*one->second); place != all_.end() && !place->second->over(now))
      found.push_back(*place->second);
  return found;
}

std::vector<Session> Sessions::list(std::string_view after, std::size_t limit, std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  std::vector<const Session*> behind;
  for (const auto& [hash, one] : all_)
    if (one->id > after && !one->over(now)) behind.push_back(one.get());
  const std::size_t taken = std::min(limit, behind.size());
  std::ranges::partial_sort(behind, behind.begin() + static_cast<std::ptrdiff_t>(taken), {}, &Session::id);
  std::vector<Session> found;
  for (std::size_t i = 0; i < taken; ++i) found.push_back(*behind[i]);
  return found;
}

std::optional<Session> Sessions::by_id(std::string_view id, std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [hash, one] : all_)
    if (one->id == id && !one->over(now)) return *one;
  return std::nullopt;
}

bool Sessions::alive(std::string_view username, std::string_view id, std::int64_t now) const {
  return std::ranges::any_of(of_person(username, now), [&](const Session& one) { return one.id == id; });
}

std::size_t Sessions::size() const {
  const std::lock_guard lock(mutex_);
  return all_.size();
}

// A hash is kept twice, not three times: with a million sessions that is 100 MB.
void Sessions::remember(Session session) {
  std::string hash = session.hash, username = session.username;
  const auto [place, is_new] = all_.try_emplace(std::move(hash), std::make_shared<const Session>(std::move(session)));
  if (is_new) by_person_.emplace(std::move(username), &place->first);
}

void Sessions::forget(const std::string& hash, std::vector<store::Store::Entry>& entries) {
  const auto found = all_.find(hash);
  if (found == all_.end()) return;
  const auto [first, last] = by_person_.equal_range(found->second->username);
  for (auto one = first; one != last; ++one)
    if (one->second == &found->first) {
      by_person_.erase(one);
      break;
    }
  all_.erase(found);
  entries.push_back({space, hash, std::nullopt});
  epoch_.fetch_add(1, std::memory_order_release);
}

std::string device_name(std::string_view user_agent) {
  struct Word {
    std::string_view in, said;
  };
  // The first that is found counts: Edge and Chrome also say Safari.
  static constexpr Word browsers[] = {{"Edg/", "Edge"},      {"OPR/", "Opera"},     {"Firefox/", "Firefox"},
                                      {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}};
  static constexpr Word systems[] = {{"Android", "Android"}, {"iPhone", "iPhone"},  {"iPad", "iPad"},
                                     {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}};
  const auto name = [&](const auto& words, std::string_view otherwise) {
    const auto found =
        std::ranges::find_if(words, [&](const Word& one) { return user_agent.find(one.in) != user_agent.npos; });
    return std::string(found == std::end(words) ? otherwise : found->said);
  };
  const std::string system = name(systems, "");
  return name(browsers, "a browser") + (system.empty() ? "" : " on " + system);
}

std::string network_name(std::string_view address) {
  boost::system::error_code bad;
  const auto parsed = boost::asio::ip::make_address(std::string(address), bad);
  if (bad) return "";
  if (parsed.is_v4()) {
    auto bytes = parsed.to_v4().to_bytes();
    bytes[3] = 0;
    return boost::asio::ip::address_v4(bytes).to_string() + "/24";
  }
  auto bytes = parsed.to_v6().to_bytes();
  std::fill(bytes.begin() + 6, bytes.end(), 0);
  return boost::asio::ip::address_v6(bytes).to_string() + "/48";
}

}  // namespace ward::identity
