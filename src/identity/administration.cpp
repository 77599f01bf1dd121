// What administrators do to a person's second factors and sessions.
#include "factors/recovery.hpp"
#include "factors/totp.hpp"
#include "room.hpp"

namespace ward::identity {
namespace {

Event changed(std::string_view username, std::string what) {
  return Event{"factor_changed", true, std::string(username), {}, {}, {}, std::move(what)};
}

}  // namespace

Secret<std::string> new_totp_secret(Random& random) {
  return Secret<std::string>(factors::base32_encode(factors::new_totp_secret(random).reveal()));
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

std::vector<Identity::SessionInfo> Room::sessions_of(std::string_view username) const {
  std::vector<SessionInfo> list;
  for (const Session& one : sessions_.of_person(username, unix_seconds(clock_.wall())))
    list.push_back({one.id, one.username, one.device, one.network, one.created, one.seen});
  return list;
}

Result<std::size_t> Room::end_sessions(std::string_view username) {
  std::size_t ended = 0;
  for (const Session& one : sessions_.of_person(username, unix_seconds(clock_.wall()))) {
    auto agreements = agreements_.end_of_session(username, one.id, true);
    auto queued = sessions_.end(one.hash);
    for (auto* each : {&agreements.queued, &queued})
      if (*each)
        if (auto done = (*each)->wait(); !done) return std::unexpected(done.error());
    ++ended;
  }
  return ended;
}

}  // namespace ward::identity
