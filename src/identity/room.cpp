#include "room.hpp"

#include "base/encoding.hpp"
#include "records.hpp"
#include "web/visit.hpp"

#include <algorithm>
#include <charconv>

namespace ward::identity {
namespace {

// Keys are "<when it ends, 12 digits> <owner> <token id>", so that the oldest come first.
constexpr const char* revoked_space = "identity.revoked";
constexpr std::size_t page_size = 500;
constexpr std::string_view nobody = " ";  // in the history; no username has a space

std::string padded(std::int64_t seconds) {
  std::string digits = std::to_string(seconds);
  return std::string(digits.size() < 12 ? 12 - digits.size() : 0, '0') + digits;
}

std::string owner_of(const Caller& caller) {
  return (caller.kind == Caller::Kind::person ? "person:" : "client:") + caller.subject;
}

Event changed(std::string name, std::string_view who, bool is_person) {
  Event event{std::move(name), true, {}, {}, {}, {}, {}};
  (is_person ? event.actor : event.client_id) = std::string(who);
  return event;
}

Result<Event> event_of(Result<void> done, std::string name, std::string_view who, bool is_person) {
  if (!done) return std::unexpected(done.error());
  return changed(std::move(name), who, is_person);
}

/// What the sign-in history says of it: a key of locales/.
std::string history_key(const Event& event) {
  if (event.success) return "history.signed_in";
  if (event.reason == "paused") return "history.locked";
  return event.reason == "password" || event.reason == "disabled" ? "history.password_wrong" : "history.factor_wrong";
}

}  // namespace

Result<std::unique_ptr<Identity>> Identity::open(Settings settings, store::Store& store, crypto::KeyRing& ring,
                                                 Clock& clock, Random& random) {
  auto prepared = prepare_settings(std::move(settings));
  if (!prepared) return std::unexpected(prepared.error());
  auto room = std::make_unique<Room>(std::move(*prepared), store, ring, clock, random);
  if (auto loaded = room->load(); !loaded) return std::unexpected(loaded.error());
  return room;
}

Result<std::shared_ptr<const Prepared>> prepare_settings(Settings settings) {
  if (settings.issuer.empty() || settings.fhir_base.empty())
    return fail("issuer", "identity: issuer and FHIR base must be known");
  if (settings.access_token_lifetime <= std::chrono::seconds(0) || settings.access_token_lifetime > token_lifetime_max)
    return fail("issuer", "identity: access_token_lifetime must be at most 60 min");
  auto prepared = std::make_shared<Prepared>();
  for (const OutsideIssuer& issuer : settings.issuers) {
    if (issuer.url == settings.issuer) return fail("issuer", "issuer " + issuer.url + ": is this server's own");
    if (issuer.audience.empty())
      return fail("issuer",
                  "issuer " + issuer.url + ": audience is missing: a token for another service would be taken");
    auto ready = prepare(issuer);
    if (!ready) return fail("issuer", "issuer " + issuer.url + ": " + ready.error().message());
    prepared->issuers.push_back(std::move(*ready));
  }
  prepared->settings = std::move(settings);
  return prepared;
}

Result<void> Room::load() {
  if (auto prepared = tokens_.prepare(); !prepared) return prepared;
  if (auto loaded = directory_.load(); !loaded) return loaded;
  if (auto loaded = load_keys(); !loaded) return loaded;
  const std::int64_t started = unix_seconds(clock_.wall());
  if (auto loaded = sessions_.load(started); !loaded) return loaded;
  if (auto loaded = agreements_.load(started); !loaded) return loaded;
  if (auto loaded = consents_.load(); !loaded) return loaded;
  if (auto loaded = history_.load(); !loaded) return loaded;
  auto reader = store_.reader();
  if (!reader) return std::unexpected(reader.error());
  const std::int64_t now = unix_seconds(clock_.wall());
  std::string after;
  std::vector<store::Store::Entry> ended;
  while (true) {
    auto page = (*reader)->list(revoked_space, after, page_size);
    if (!page) return std::unexpected(page.error());
    for (const auto& [key, value] : *page) {
      std::int64_t ends = 0;
      std::from_chars(key.data(), key.data() + std::min<std::size_t>(key.size(), 12), ends);
      const auto space = value.find(' ');
      if (ends <= now || space == value.npos)
        ended.push_back({revoked_space, key, std::nullopt});
      else
        revoked_.take(value.substr(0, space), value.substr(space + 1), ends, now);
    }
    if (page->size() < page_size) break;
    after = page->back().first;
  }
  return ended.empty() ? Result<void>() : store_.put(std::move(ended));
}

Result<void> Room::load_keys() {
  struct Wanted {
    const char* purpose;
    std::size_t bytes;
    Secret<std::string>* place;
  };
  Secret<std::string> factor_key;
  for (const Wanted& one : {Wanted{"csrf", 32, &csrf_key_}, Wanted{"flow-seal", 64, &flow_key_},
                            Wanted{"refresh-seal", 64, &refresh_key_}, Wanted{"factor-seal", 32, &factor_key}}) {
    auto key = ring_.secret(one.purpose, one.bytes);
    if (!key) return std::unexpected(key.error());
    *one.place = std::move(key->second);
  }
  return factors_.load(std::move(factor_key));
}

boost::asio::awaitable<Result<void>> Room::end_session(const Session& session) {
  auto ended = agreements_.end_of_session(session.username, session.id, true);
  auto queued = sessions_.end(session.hash);
  if (ended.queued)
    if (auto done = co_await ended.queued->done(); !done) co_return done;
  if (queued)
    if (auto done = co_await queued->done(); !done) co_return done;
  co_return Result<void>{};
}

void Room::note_sign_in(std::string_view username, const web::Visit& visit, const Event& event) {
  // The same work and the same write for a name that nobody has: the time of the answer must not tell who is known.
  if (visit.directory->person(username) == nullptr)
    return history_.note(nobody, {.at = visit.seconds, .what = history_key(event), .where = {}});
  const std::string device = device_name(visit.request.user_agent), network = network_name(visit.request.address);
  history_.note(username,
                {visit.seconds, history_key(event), device + (network.empty() ? "" : ", " + network), event.success});
}

std::string acr_of(std::string_view amr) {
  return std::string(amr.find("mfa") != amr.npos ? acr_two_factors : "urn:ward:aal1");
}

std::shared_ptr<const Prepared> Room::prepared() const {
  const std::lock_guard lock(mutex_);
  return prepared_;
}

Result<void> Room::reconfigure(Settings settings) {
  auto next = prepare_settings(std::move(settings));
  if (!next) return std::unexpected(next.error());
  const std::lock_guard lock(mutex_);
  if ((*next)->settings.issuer != prepared_->settings.issuer)
    return fail("issuer", "identity.issuer cannot change while the server runs: restart it");
  const Settings &before = prepared_->settings, &after = (*next)->settings;
  const bool other_fetch =
      before.jwks_uri_loopback != after.jwks_uri_loopback || before.jwks_uri_ca != after.jwks_uri_ca;
  prepared_ = std::move(*next);
  if (other_fetch) key_fetch_ = make_key_fetch();
  settings_epoch_.fetch_add(1, std::memory_order_release);
  return {};
}

// ---- directory ----

std::optional<Person> Room::person(std::string_view username) const {
  const auto snapshot = directory_.now();
  const Person* found = snapshot->person(username);
  return found ? std::optional(*found) : std::nullopt;
}

std::optional<OAuthClient> Room::client(std::string_view client_id) const {
  const auto snapshot = directory_.now();
  const KnownClient* found = snapshot->client(client_id);
  return found ? std::optional(found->client) : std::nullopt;
}

std::vector<Person> Room::people() const {
  std::vector<Person> list;
  const auto snapshot = directory_.now();
  for (const auto& [username, one] : snapshot->people) list.push_back(*one);
  return list;
}

std::vector<OAuthClient> Room::clients() const {
  std::vector<OAuthClient> list;
  const auto snapshot = directory_.now();
  for (const auto& [client_id, known] : snapshot->clients) list.push_back(known->client);
  return list;
}

Result<Event> Room::put_person(Person person) {
  const std::string username = person.username;
  // What hangs on the name of somebody who was removed must not be the next one's, whatever became of its removal.
  if (directory_.now()->person(username) == nullptr)
    if (auto forgotten = forget(username); !forgotten) return std::unexpected(forgotten.error());
  return person_changed(username, directory_.put(std::move(person)));
}

Result<Event> Room::change_person(const Person& before, Person after) {
  const std::string username = after.username;
  return person_changed(username, directory_.put(std::move(after), &before));
}

Result<Event> Room::person_changed(std::string_view username, Result<bool> put) {
  if (!put) return std::unexpected(put.error());
  Event event = changed("person_changed", username, true);
  if (!*put) event.reason = "unchanged";
  return event;
}

Result<Event> Room::put_client(OAuthClient client) {
  const std::string client_id = client.client_id;
  auto put = directory_.put(std::move(client));
  if (!put) return std::unexpected(put.error());
  Event event = changed("client_changed", client_id, false);
  if (!*put) event.reason = "unchanged";
  return event;
}

Result<Event> Room::remove_person(std::string_view username) {
  // The person first: what signs in or agrees from now on finds nobody to do it for.
  auto removed = directory_.remove_person(username);
  if (removed) removed = forget(username);
  return event_of(std::move(removed), "person_removed", username, true);
}
Result<Event> Room::remove_client(std::string_view client_id) {
  return event_of(directory_.remove_client(client_id), "client_removed", client_id, false);
}
Result<Event> Room::revoke_person_tokens(std::string_view username) {
  return event_of(directory_.raise_person(username), "tokens_revoked", username, true);
}
Result<Event> Room::revoke_client_tokens(std::string_view client_id) {
  return event_of(directory_.raise_client(client_id), "tokens_revoked", client_id, false);
}

// ---- tokens ----

Result<Caller> Room::check_token(std::string_view text) {
  auto token = crypto::UnverifiedJwt::parse(text);
  if (!token) return std::unexpected(token.error());
  const auto settings = prepared();
  if (token->claimed_issuer() == settings->settings.issuer) return check_own(std::move(*token), *settings);
  return check_outside(std::move(*token), *settings);
}

Result<Caller> Room::check_own(crypto::UnverifiedJwt token, const Prepared& prepared) {
  auto verified = std::move(token).verify(tokens_.keys());
  if (!verified) return std::unexpected(verified.error());
  // RFC 9068 section 4. No skew: it is our own clock that wrote the times.
  const crypto::ClaimRules rules{.type = "at+jwt",
                                 .issuer = prepared.settings.issuer,
                                 .audiences = {prepared.settings.fhir_base},
                                 .lifetime_max = token_lifetime_max,
                                 .issued_at = true,
                                 .token_id = true};
  if (auto checked = verified->check(rules, clock_.wall()); !checked) return std::unexpected(checked.error());
  auto caller = read_claims(*verified);
  if (!caller) return caller;
  if (!still_good(*caller)) return fail("token_revoked", "token: was revoked, or its owner is disabled");
  const auto snapshot = directory_.now();
  if (caller->kind == Caller::Kind::person) {
    if (const Person* person = snapshot->person(caller->subject)) {
      caller->roles = person->roles;
      caller->fhir_user = person->fhir_user;
    }
  } else if (const KnownClient* known = snapshot->client(caller->subject)) {
    caller->roles = known->client.roles;
  }
  return caller;
}

Result<Caller> Room::check_outside(crypto::UnverifiedJwt token, const Prepared& prepared) {
  const auto ready = std::ranges::find(prepared.issuers, token.claimed_issuer(),
                                       [](const ReadyIssuer& one) { return one.issuer.url; });
  if (ready == prepared.issuers.end()) return fail("token_issuer", "token: its issuer is not trusted here");
  auto verified = std::move(token).verify(ready->keys);
  if (!verified) return std::unexpected(verified.error());
  const std::string type = equal_ignoring_case(ready->issuer.type, "JWT") ? "" : ready->issuer.type;
  const crypto::ClaimRules rules{
      .type = type, .issuer = ready->issuer.url, .audiences = {ready->issuer.audience}, .skew = prepared.settings.skew};
  if (auto checked = verified->check(rules, clock_.wall()); !checked) return std::unexpected(checked.error());
  return map_claims(*ready, *verified, prepared.settings);
}

bool Room::still_good(const Caller& caller) const {
  if (caller.outside) return true;
  const auto snapshot = directory_.now();
  if (caller.kind == Caller::Kind::person) {
    const Person* person = snapshot->person(caller.subject);
    if (person == nullptr || person->disabled || person->generation != caller.generation) return false;
  } else {
    const KnownClient* known = snapshot->client(caller.subject);
    if (known == nullptr || known->client.disabled || known->client.generation != caller.generation) return false;
  }
  if (!caller.agreement.empty()) {
    const KnownClient* app = snapshot->client(caller.client_id);
    if (app == nullptr || app->client.disabled) return false;
    if (!agreements_.alive(caller.agreement, app->client.generation, unix_seconds(clock_.wall()))) return false;
  }
  return !revoked_.has(owner_of(caller), caller.token_id);
}

// In memory first: if the disk fails, the token is dead until the restart at least, and the caller hears of the error.
Result<store::Queued> Room::revoke_token(const Caller& caller) {
  const std::int64_t ends = unix_seconds(caller.expires);
  const std::string owner = owner_of(caller);
  if (revoked_.take(owner, caller.token_id, ends, unix_seconds(clock_.wall())) == SeenIds::Outcome::full)
    return fail("revocations_full", "too many tokens are revoked already; revoke all of this owner's");
  revocations_.fetch_add(1, std::memory_order_release);
  return store_.queue({{revoked_space, padded(ends) + " " + caller.token_id, owner + " " + caller.token_id}});
}

Result<Identity::Minted> Room::mint_person(std::string_view username, std::string_view scope,
                                           std::string_view purpose) {
  const auto settings = prepared();
  const auto snapshot = directory_.now();
  const Person* person = snapshot->person(username);
  if (person == nullptr) return fail("not_found", "there is no person with this username");
  if (person->disabled) return fail("disabled", "this person is disabled");
  const bool is_patient = person->fhir_user.starts_with("Patient/");
  auto asked = scope::ScopeSet::parse(!scope.empty() ? scope : is_patient ? "patient/*.cruds" : "user/*.cruds");
  if (!asked) return fail("scope", asked.error().message());
  const bool own_purpose = std::ranges::find(person->purposes, purpose) != person->purposes.end();
  if (!purpose.empty() && !own_purpose) return fail("purpose", "this person has no such purpose of use");
  const std::string chosen = !purpose.empty()           ? std::string(purpose)
                             : person->purposes.empty() ? std::string()
                                                        : person->purposes.front();
  TokenPlan plan;
  plan.kind = Caller::Kind::person;
  plan.subject = person->username;
  plan.client_id = std::string(cli_client);
  plan.fhir_user = person->fhir_user;
  plan.roles = person->roles;
  plan.scope = asked->text();
  plan.purpose = chosen;
  plan.generation = person->generation;
  plan.lifetime = settings->settings.access_token_lifetime;
  auto issued = tokens_.issue(settings->settings, plan);
  if (!issued) return std::unexpected(issued.error());
  return Minted{issued->token, plan.lifetime, plan.scope,
                Event{"token_issued", true, person->username, plan.client_id, plan.scope, issued->token_id, "minted"}};
}

Result<Identity::Minted> Room::mint_client(std::string_view client_id, std::string_view scope) {
  const auto settings = prepared();
  const auto snapshot = directory_.now();
  const KnownClient* known = snapshot->client(client_id);
  if (known == nullptr) return fail("not_found", "there is no client with this client_id");
  if (known->client.disabled) return fail("disabled", "this client is disabled");
  auto asked = scope.empty() ? Result<scope::ScopeSet>(known->scope) : scope::ScopeSet::parse(scope);
  if (!asked) return fail("scope", asked.error().message());
  const scope::ScopeSet granted = known->scope.narrow(*asked);
  if (granted.empty()) return fail("scope", "none of these scopes is registered for this client");
  const TokenPlan plan = plan_for(*known, granted, settings->settings);
  auto issued = tokens_.issue(settings->settings, plan);
  if (!issued) return std::unexpected(issued.error());
  return Minted{issued->token, plan.lifetime, plan.scope,
                Event{"token_issued", true, plan.subject, plan.client_id, plan.scope, issued->token_id, "minted"}};
}

}  // namespace ward::identity
