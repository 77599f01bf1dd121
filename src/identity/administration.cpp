// What administrators do to a person's second factors and sessions.
#include "factors/recovery.hpp"
#include "factors/totp.hpp"
#include "room.hpp"

namespace ward::identity {
namespace {

Event changed(std::string_view username, std::string what) {
  return Event{"factor_changed", true, std::string(username), {}, {}, {}, std::move(what)};
}

Identity::SessionInfo info_of(const Session& one) {
  return {one.id, one.username, one.device, one.network, one.created, one.seen, one.amr};
}

/// All of them, whatever becomes of the others; the first error.
Result<void> wait_for(std::initializer_list<std::optional<store::Queued>*> all) {
  Result<void> first;
  for (std::optional<store::Queued>* one : all) {
    if (!*one) continue;
    if (auto done = (*one)->wait(); !done && first) first = std::move(done);
  }
  return first;
}

}  // namespace

Secret<std::string> new_totp_secret(Random& random) {
  return Secret<std::string>(factors::base32_encode(factors::new_totp_secret(random).reveal()));
}

bool is_totp_secret(const Secret<std::string>& secret) {
  const auto raw = factors::base32_decode(secret.reveal());
  return raw && raw->size() >= 16;
}

Result<Event> Room::set_totp(std::string_view username, const Secret<std::string>& secret) {
  if (directory_.now()->person(username) == nullptr) return fail("not_found", "there is no person with this username");
  auto raw = factors::base32_decode(secret.reveal());
  if (!raw || raw->size() < 16)
    return fail("totp_invalid", "a TOTP secret is base32 of at least 16 bytes (26 characters)");
  auto queued = factors_.put_totp(username, Secret<std::string>(std::move(*raw)), 0, unix_seconds(clock_.wall()));
  if (auto done = queued.wait(); !done) return std::unexpected(done.error());
  return changed(username, "totp added");
}

Result<std::vector<Secret<std::string>>> Room::make_recovery_codes(std::string_view username) {
  if (directory_.now()->person(username) == nullptr) return fail("not_found", "there is no person with this username");
  std::vector<Secret<std::string>> codes = factors::new_recovery_codes(random_);
  std::vector<std::string> hashes;
  for (const Secret<std::string>& code : codes) hashes.push_back(factors::hash_recovery_code(code));
  auto queued = factors_.put_recovery(username, std::move(hashes));
  if (auto done = queued.wait(); !done) return std::unexpected(done.error());
  return codes;
}

Result<Event> Room::reset_factors(std::string_view username) {
  if (directory_.now()->person(username) == nullptr) return fail("not_found", "there is no person with this username");
  if (auto queued = factors_.reset(username))
    if (auto done = queued->wait(); !done) return std::unexpected(done.error());
  return changed(username, "factors reset");
}

bool Room::has_second_factor(std::string_view username) const {
  const auto found = factors_.find(username);
  return found && found->second();
}

// ---- sessions ----

std::vector<Identity::SessionInfo> Room::sessions_of(std::string_view username) const {
  std::vector<SessionInfo> list;
  for (const Session& one : sessions_.of_person(username, unix_seconds(clock_.wall()))) list.push_back(info_of(one));
  return list;
}

std::vector<Identity::SessionInfo> Room::sessions_after(std::string_view after, std::size_t limit) const {
  std::vector<SessionInfo> list;
  for (const Session& one : sessions_.list(after, limit, unix_seconds(clock_.wall()))) list.push_back(info_of(one));
  return list;
}

Result<void> Room::end_blocking(const Session& session) {
  auto agreements = agreements_.end_of_session(session.username, session.id, true);
  auto queued = sessions_.end(session.hash);
  return wait_for({&agreements.queued, &queued});
}

std::optional<Identity::SessionInfo> Room::session(std::string_view id) const {
  const auto found = sessions_.by_id(id, unix_seconds(clock_.wall()));
  return found ? std::optional(info_of(*found)) : std::nullopt;
}

Result<Identity::SessionInfo> Room::end_session(std::string_view id) {
  const auto found = sessions_.by_id(id, unix_seconds(clock_.wall()));
  if (!found) return fail("not_found", "there is no session with this id");
  if (auto done = end_blocking(*found); !done) return std::unexpected(done.error());
  return info_of(*found);
}

Result<std::size_t> Room::end_sessions(std::string_view username) {
  std::size_t ended = 0;
  for (const Session& one : sessions_.of_person(username, unix_seconds(clock_.wall()))) {
    if (auto done = end_blocking(one); !done) return std::unexpected(done.error());
    ++ended;
  }
  return ended;
}

Result<void> Room::forget(std::string_view username) {
  auto sessions = sessions_.end_all(username, "").second;
  auto agreements = agreements_.end_of_person(username).queued;
  auto factors = factors_.reset(username);
  auto consents = consents_.forget(username);
  auto history = history_.forget(username);
  return wait_for({&sessions, &agreements, &factors, &consents, &history});
}

// ---- pages of lists ----

std::vector<Person> Room::people_after(std::string_view after, std::size_t limit) const {
  const auto snapshot = directory_.now();
  std::vector<Person> list;
  for (auto one = snapshot->people.upper_bound(after); one != snapshot->people.end() && list.size() < limit; ++one)
    list.push_back(*one->second);
  return list;
}

std::vector<OAuthClient> Room::clients_after(std::string_view after, std::size_t limit) const {
  const auto snapshot = directory_.now();
  std::vector<OAuthClient> list;
  for (auto one = snapshot->clients.upper_bound(after); one != snapshot->clients.end() && list.size() < limit; ++one)
    list.push_back(one->second->client);
  return list;
}

}  // namespace ward::identity
