#include "agreements.hpp"

#include "base/guarded.hpp"
#include "members.hpp"

namespace ward::identity {
namespace {

constexpr const char* space = "identity.agreement";
constexpr std::size_t page_size = 500;

constexpr Member<Agreement> members[] = {
    {"id", &Agreement::id},
    {"username", &Agreement::username},
    {"client_id", &Agreement::client_id},
    {"scope", &Agreement::scope},
    {"patient", &Agreement::patient},
    {"encounter", &Agreement::encounter},
    {"context", &Agreement::context},
    {"session", &Agreement::session},
    {"acr", &Agreement::acr},
    {"amr", &Agreement::amr},
    {"auth_time", &Agreement::auth_time},
    {"nonce", &Agreement::nonce},
    {"person_generation", &Agreement::person_generation},
    {"client_generation", &Agreement::client_generation},
    {"created", &Agreement::created},
    {"ends", &Agreement::ends},
    {"ends_at_last", &Agreement::ends_at_last},
    {"jkt", &Agreement::key_thumbprint},
    {"x5t", &Agreement::certificate_thumbprint},
    {"code_hash", &Agreement::code_hash},
    {"redirect_uri", &Agreement::redirect_uri},
    {"code_challenge", &Agreement::code_challenge},
    {"code_ends", &Agreement::code_ends},
    {"code_used", &Agreement::code_used},
    {"refresh_number", &Agreement::refresh_number},
    {"refresh_hash", &Agreement::refresh_hash},
    {"previous_hash", &Agreement::previous_hash},
    {"successor", &Agreement::successor},
    {"refreshed", &Agreement::refreshed},
};

}  // namespace

std::string to_json(const Agreement& agreement) { return write_members(agreement, members); }

Result<Agreement> parse_agreement(std::string_view json) {
  auto agreement = read_members<Agreement>(json, members);
  if (agreement && (agreement->id.empty() || agreement->username.empty() || agreement->client_id.empty()))
    return fail("record_malformed", "an agreement lacks its id, person or client");
  return agreement;
}

Result<void> Agreements::load(std::int64_t now) {
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  const std::lock_guard lock(mutex_);
  std::string after;
  std::vector<store::Store::Entry> over;
  while (true) {
    auto page = (*reader)->list(space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [key, value] : *page) {
      auto read = parse_agreement(value);
      if (!read) return std::unexpected(read.error());
      if (read->ends <= now) {
        over.push_back({space, key, std::nullopt});
        continue;
      }
      auto kept = std::make_shared<const Agreement>(std::move(*read));
      if (!kept->code_hash.empty()) codes_.emplace(kept->code_hash, kept->id);
      by_person_.emplace(kept->username, kept->id);
      by_end_.emplace(kept->ends, kept->id);
      all_.emplace(kept->id, std::move(kept));
    }
    if (page->size() < page_size) break;
    after = page->back().first;
  }
  return over.empty() ? Result<void>() : store_.put(std::move(over));
}

store::Queued Agreements::queue(const Agreement& agreement) {
  return store_.queue({{space, agreement.id, to_json(agreement)}});
}

Result<store::Queued> Agreements::add(Agreement agreement, std::int64_t now) {
  const std::lock_guard lock(mutex_);
  sweep(now);
  if (all_.size() >= entries_max) return fail("agreements_full", "too many apps are signed in at this moment");
  auto kept = std::make_shared<const Agreement>(std::move(agreement));
  codes_.emplace(kept->code_hash, kept->id);
  by_person_.emplace(kept->username, kept->id);
  by_end_.emplace(kept->ends, kept->id);
  all_.emplace(kept->id, kept);
  return queue(*kept);
}

std::optional<Agreement> Agreements::find(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(id));
  return found == all_.end() ? std::nullopt : std::optional(*found->second);
}

std::optional<Agreement> Agreements::by_code(std::string_view code_hash) const {
  const std::lock_guard lock(mutex_);
  const auto id = codes_.find(std::string(code_hash));
  if (id == codes_.end()) return std::nullopt;
  const auto found = all_.find(id->second);
  return found == all_.end() ? std::nullopt : std::optional(*found->second);
}

Agreements::Outcome Agreements::take_code(const Agreement& agreement, std::string_view first_refresh_hash,
                                          std::int64_t ends) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(agreement.id);
  if (found == all_.end()) return {Taken::gone, {}};
  if (found->second->code_used) return {Taken::used, {}};
  Agreement next = *found->second;
  next.code_used = true;
  next.ends = ends;
  next.key_thumbprint = agreement.key_thumbprint;
  next.certificate_thumbprint = agreement.certificate_thumbprint;
  if (!first_refresh_hash.empty()) {
    next.refresh_number = 1;
    next.refresh_hash = first_refresh_hash;
  }
  found->second = std::make_shared<const Agreement>(std::move(next));
  return {Taken::fresh, queue(*found->second)};
}

Agreements::Outcome Agreements::rotate(std::string_view id, std::string_view current_hash, std::string_view next_hash,
                                       std::string successor, std::int64_t now, std::int64_t ends) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(id));
  if (found == all_.end()) return {Taken::gone, {}};
  if (!constant_time_equal(found->second->refresh_hash, current_hash)) return {Taken::used, {}};
  Agreement next = *found->second;
  ++next.refresh_number;
  next.previous_hash = std::move(next.refresh_hash);
  next.refresh_hash = next_hash;
  next.successor = std::move(successor);
  next.refreshed = now;
  next.ends = ends;
  found->second = std::make_shared<const Agreement>(std::move(next));
  return {Taken::fresh, queue(*found->second)};
}

std::optional<store::Queued> Agreements::keep(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(id));
  if (found == all_.end()) return std::nullopt;
  return queue(*found->second);
}

void Agreements::prolong(std::string_view id, std::int64_t ends) {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(id));
  if (found == all_.end() || found->second->ends >= ends) return;
  Agreement next = *found->second;
  next.ends = ends;
  found->second = std::make_shared<const Agreement>(std::move(next));
  queue(*found->second);
}

std::optional<store::Queued> Agreements::end(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const std::string key(id);
  if (!all_.contains(key)) return std::nullopt;
  forget(key);
  return store_.queue({{space, key, std::nullopt}});
}

template <class Matches>
Agreements::Ended Agreements::end_where(std::string_view username, Matches matches) {
  Ended ended;
  std::vector<store::Store::Entry> entries;
  const auto [first, last] = by_person_.equal_range(username);
  for (auto one = first; one != last; ++one)
    if (const auto found = all_.find(one->second); found != all_.end() && matches(*found->second))
      ended.ids.push_back(found->first);
  for (const std::string& id : ended.ids) {
    forget(id);
    entries.push_back({space, id, std::nullopt});
  }
  if (!entries.empty()) ended.queued = store_.queue(std::move(entries));
  return ended;
}

Agreements::Ended Agreements::end_of_session(std::string_view username, std::string_view session, bool only_online) {
  const std::lock_guard lock(mutex_);
  return end_where(username, [&](const Agreement& one) {
    if (one.session != session) return false;
    return !only_online || (" " + one.scope + " ").find(" offline_access ") == std::string::npos;
  });
}

Agreements::Ended Agreements::end_of_person(std::string_view username) {
  const std::lock_guard lock(mutex_);
  return end_where(username, [](const Agreement&) { return true; });
}

Agreements::Ended Agreements::end_of_app(std::string_view username, std::string_view client_id) {
  const std::lock_guard lock(mutex_);
  return end_where(username, [&](const Agreement& one) { return one.client_id == client_id; });
}

bool Agreements::alive(std::string_view id, std::uint64_t client_generation, std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(std::string(id));
  return found != all_.end() && found->second->ends > now && found->second->client_generation == client_generation;
}

std::vector<Agreement> Agreements::of_person(std::string_view username, std::int64_t now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Agreement> found;
  const auto [first, last] = by_person_.equal_range(username);
  for (auto one = first; one != last; ++one)
    if (const auto place = all_.find(one->second); place != all_.end() && place->second->ends > now)
      found.push_back(*place->second);
  return found;
}

std::size_t Agreements::size() const {
  const std::lock_guard lock(mutex_);
  return all_.size();
}

void Agreements::forget(const std::string& id) {
  const auto found = all_.find(id);
  if (found == all_.end()) return;
  const std::shared_ptr<const Agreement> gone = found->second;
  all_.erase(found);
  codes_.erase(gone->code_hash);
  const auto [first, last] = by_person_.equal_range(gone->username);
  for (auto one = first; one != last; ++one)
    if (one->second == gone->id) {
      by_person_.erase(one);
      break;
    }
  epoch_.fetch_add(1, std::memory_order_release);
}

// A few at each new one: what is over goes sooner than new ones come. Each has one place in `by_end_`, at the earliest
// end that it had; a place for every refresh would fill memory.
void Agreements::sweep(std::int64_t now) {
  std::vector<store::Store::Entry> over;
  for (int i = 0; i < 16 && !by_end_.empty() && by_end_.begin()->first <= now; ++i) {
    const std::string id = by_end_.begin()->second;
    by_end_.erase(by_end_.begin());
    const auto found = all_.find(id);
    if (found == all_.end()) continue;
    if (found->second->ends > now) {  // it was moved on meanwhile
      by_end_.emplace(found->second->ends, id);
      continue;
    }
    forget(id);
    over.push_back({space, id, std::nullopt});
  }
  if (!over.empty()) store_.queue(std::move(over));
}

}  // namespace ward::identity
