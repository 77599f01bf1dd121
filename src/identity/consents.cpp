#include "consents.hpp"

namespace ward::identity {
namespace {

constexpr const char* space = "identity.consent";
constexpr std::size_t page_size = 500;

// Neither name has a blank.
std::string key_of(std::string_view username, std::string_view client_id) {
  return std::string(username) + " " + std::string(client_id);
}

}  // namespace

Result<void> Consents::load() {
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  const std::lock_guard lock(mutex_);
  std::string after;
  while (true) {
    auto page = (*reader)->list(space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [key, value] : *page) given_[key] = value;
    if (page->size() < page_size) return {};
    after = page->back().first;
  }
}

bool Consents::covers(std::string_view username, const OAuthClient& client, const Flow& flow) const {
  if (client.first_party) return true;
  if (flow.prompt_consent) return false;
  const std::lock_guard lock(mutex_);
  const auto found = given_.find(key_of(username, client.client_id));
  if (found == given_.end()) return false;
  const auto agreed = scope::ScopeSet::parse(found->second), wished = scope::ScopeSet::parse(flow.scope);
  return agreed && wished && agreed->narrow(*wished).text() == wished->text();
}

store::Queued Consents::give(std::string_view username, const OAuthClient& client, std::string_view scope,
                             std::int64_t) {
  const std::string key = key_of(username, client.client_id);
  const std::lock_guard lock(mutex_);
  given_[key] = scope;
  return store_.queue({{space, key, std::string(scope)}});
}

std::optional<store::Queued> Consents::withdraw(std::string_view username, std::string_view client_id) {
  const std::string key = key_of(username, client_id);
  const std::lock_guard lock(mutex_);
  if (given_.erase(key) == 0) return std::nullopt;
  return store_.queue({{space, key, std::nullopt}});
}

std::optional<store::Queued> Consents::forget(std::string_view username) {
  const std::string prefix = key_of(username, "");
  const std::lock_guard lock(mutex_);
  std::vector<store::Store::Entry> entries;
  for (auto one = given_.lower_bound(prefix); one != given_.end() && one->first.starts_with(prefix);) {
    entries.push_back({space, one->first, std::nullopt});
    one = given_.erase(one);
  }
  if (entries.empty()) return std::nullopt;
  return store_.queue(std::move(entries));
}

}  // namespace ward::identity
