#include "directory.hpp"

#include "records.hpp"

namespace ward::identity {
namespace {

constexpr const char* person_space = "identity.person";
constexpr const char* client_space = "identity.client";
constexpr std::size_t page_size = 500;

Result<std::shared_ptr<const KnownClient>> know(OAuthClient client) {
  auto keys = client.jwks.empty() ? Result<crypto::KeySet>() : crypto::KeySet::parse(client.jwks);
  if (!keys) return std::unexpected(keys.error());
  auto scope = scope::ScopeSet::parse(client.scope);
  if (!scope) return std::unexpected(scope.error());
  auto name = certificate_name(client);
  if (!name) return std::unexpected(name.error());
  auto usable = usable_keys(client, *keys);
  return std::make_shared<const KnownClient>(
      KnownClient{std::move(client), std::move(usable), std::move(*scope), std::move(*name)});
}

bool same_rights(const Person& a, const Person& b) {
  return a.roles == b.roles && a.fhir_user == b.fhir_user && a.purposes == b.purposes && a.disabled == b.disabled &&
         a.password_hash == b.password_hash;
}

bool same_rights(const OAuthClient& a, const OAuthClient& b) {
  return a.authentication == b.authentication && a.secret_hash == b.secret_hash && a.jwks == b.jwks &&
         a.jwks_uri == b.jwks_uri && a.scope == b.scope && a.roles == b.roles && a.grant_types == b.grant_types &&
         a.purpose == b.purpose && a.disabled == b.disabled && a.certificate_name == b.certificate_name &&
         a.fapi == b.fapi && a.dpop_bound_access_tokens == b.dpop_bound_access_tokens &&
         a.tls_client_certificate_bound_access_tokens == b.tls_client_certificate_bound_access_tokens;
}

Result<void> load_all(store::Reader& reader, const char* space,
                      const std::function<Result<void>(const std::string&)>& take) {
  std::string after;
  while (true) {
    auto page = reader.list(space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [key, value] : *page)
      if (auto taken = take(value); !taken)
        return std::unexpected(Error("directory", std::string(space) + " " + key + " in the store cannot be read")
                                   .because_of(taken.error()));
    if (page->size() < page_size) return {};
    after = page->back().first;
  }
}

}  // namespace

const Person* Snapshot::person(std::string_view username) const {
  const auto found = people.find(username);
  return found == people.end() ? nullptr : found->second.get();
}

const KnownClient* Snapshot::client(std::string_view client_id) const {
  const auto found = clients.find(client_id);
  return found == clients.end() ? nullptr : found->second.get();
}

Result<void> Directory::load() {
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  auto loaded = std::make_shared<Snapshot>();
  auto people = load_all(**reader, person_space, [&](const std::string& value) -> Result<void> {
    auto person = parse_person(value);
    if (!person) return std::unexpected(person.error());
    loaded->people[person->username] = std::make_shared<const Person>(*person);
    return {};
  });
  if (!people) return people;
  auto clients = load_all(**reader, client_space, [&](const std::string& value) -> Result<void> {
    auto client = parse_client(value);
    if (!client) return std::unexpected(client.error());
    auto known = know(std::move(*client));
    if (!known) return std::unexpected(known.error());
    loaded->clients[(*known)->client.client_id] = *known;
    return {};
  });
  if (!clients) return clients;
  const std::lock_guard lock(reading_);
  now_ = std::move(loaded);
  return {};
}

std::shared_ptr<const Snapshot> Directory::now() const {
  const std::lock_guard lock(reading_);
  return now_;
}

// Never one that was given out before, not even to someone of the same name who was removed.
std::uint64_t Directory::next_generation(std::uint64_t before) {
  const auto now_ms = static_cast<std::uint64_t>(clock_.wall().time_since_epoch().count());
  last_generation_ = std::max({before + 1, last_generation_ + 1, now_ms});
  return last_generation_;
}

Result<void> Directory::write(std::string space, std::string key, std::optional<std::string> value,
                              const std::function<void(Snapshot&)>& change) {
  if (auto written = store_.put({{std::move(space), std::move(key), std::move(value)}}); !written) return written;
  auto next = std::make_shared<Snapshot>(*now());
  change(*next);
  const std::lock_guard lock(reading_);
  now_ = std::move(next);
  epoch_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<bool> Directory::put(Person person, const Person* before) {
  if (auto checked = check(person); !checked) return std::unexpected(checked.error());
  const std::lock_guard lock(writing_);
  const auto present = now();
  const Person* known = present->person(person.username);
  if (before != nullptr && known == nullptr) return fail("not_found", "there is no person with this username");
  if (before != nullptr && !(*known == *before))
    return fail("changed_meanwhile", "somebody else changed this person meanwhile");
  if (known == nullptr && present->people.size() >= entries_max)
    return fail("directory_full", "there are a million people already");
  const bool same = known != nullptr && same_rights(*known, person);
  person.generation = same ? known->generation : next_generation(known ? known->generation : 0);
  if (same && known->name == person.name) return false;
  auto entry = std::make_shared<const Person>(std::move(person));
  auto written = write(person_space, entry->username, to_json(*entry),
                       [&](Snapshot& next) { next.people[entry->username] = entry; });
  if (!written) return std::unexpected(written.error());
  return true;
}

Result<bool> Directory::put(OAuthClient client) {
  if (auto checked = check(client); !checked) return std::unexpected(checked.error());
  const std::lock_guard lock(writing_);
  const auto before = now();
  const KnownClient* known = before->client(client.client_id);
  if (known == nullptr && before->clients.size() >= entries_max)
    return fail("directory_full", "there are a million clients already");
  const bool same = known != nullptr && same_rights(known->client, client);
  client.generation = same ? known->client.generation : next_generation(known ? known->client.generation : 0);
  if (same && to_json(known->client) == to_json(client)) return false;
  auto entry = know(std::move(client));
  if (!entry) return std::unexpected(entry.error());
  const std::string& id = (*entry)->client.client_id;
  auto written = write(client_space, id, to_json((*entry)->client), [&](Snapshot& next) { next.clients[id] = *entry; });
  if (!written) return std::unexpected(written.error());
  return true;
}

Result<void> Directory::remove_person(std::string_view username) {
  const std::lock_guard lock(writing_);
  if (now()->person(username) == nullptr) return fail("not_found", "there is no person with this username");
  const std::string key(username);
  return write(person_space, key, std::nullopt, [&](Snapshot& next) { next.people.erase(key); });
}

Result<void> Directory::remove_client(std::string_view client_id) {
  const std::lock_guard lock(writing_);
  if (now()->client(client_id) == nullptr) return fail("not_found", "there is no client with this client_id");
  const std::string key(client_id);
  return write(client_space, key, std::nullopt, [&](Snapshot& next) { next.clients.erase(key); });
}

Result<void> Directory::raise_person(std::string_view username) {
  const std::lock_guard lock(writing_);
  const auto before = now();
  const Person* known = before->person(username);
  if (known == nullptr) return fail("not_found", "there is no person with this username");
  auto person = std::make_shared<Person>(*known);
  person->generation = next_generation(known->generation);
  return write(person_space, person->username, to_json(*person),
               [&](Snapshot& next) { next.people[person->username] = person; });
}

Result<void> Directory::raise_client(std::string_view client_id) {
  const std::lock_guard lock(writing_);
  const auto before = now();
  const KnownClient* known = before->client(client_id);
  if (known == nullptr) return fail("not_found", "there is no client with this client_id");
  auto raised = std::make_shared<KnownClient>(*known);
  raised->client.generation = next_generation(known->client.generation);
  return write(client_space, raised->client.client_id, to_json(raised->client),
               [&](Snapshot& next) { next.clients[raised->client.client_id] = raised; });
}

}  // namespace ward::identity
