// What each person has enrolled beside a password: one-time codes, recovery codes, passkeys, and known devices. Taking
// a code is one atomic step in memory; who answers waits until it is on disk too.
#pragma once

#include "factors/passkey.hpp"
#include "identity.hpp"
#include "store/store.hpp"

#include <map>
#include <mutex>

namespace ward::identity {

struct Passkey {
  factors::Credential credential;
  std::string label;
  std::int64_t added = 0, used = 0;
};

struct Factors {
  std::string username;
  std::string totp_secret;  // sealed; empty: none
  std::int64_t totp_last_step = 0, totp_added = 0, totp_used = 0;
  std::vector<std::string> recovery;  // hashes of the codes that are left
  std::vector<Passkey> passkeys;
  std::string user_handle;           // random, for passkeys
  std::vector<std::string> devices;  // hashes of browsers that signed in before, the newest last
  bool second() const { return !totp_secret.empty() || !passkeys.empty(); }
};

/// Any thread.
class FactorBook {
 public:
  static constexpr std::size_t passkeys_max = 20, devices_max = 20;
  FactorBook(store::Store& store, Random& random) : store_(store), random_(random) {}
  /// `key` seals TOTP secrets at rest.
  Result<void> load(Secret<std::string> key);

  std::optional<Factors> find(std::string_view username) const;
  /// Whose passkey this is; empty: nobody's.
  std::string owner_of(std::string_view credential_id) const;

  struct Taken {
    bool good = false;
    std::optional<store::Queued> queued;
  };
  Taken take_totp(std::string_view username, std::string_view code, WallTime now);
  Taken take_recovery(std::string_view username, std::string_view code);
  Taken take_passkey(std::string_view username, std::string_view credential_id, const factors::Assertion& assertion,
                     std::int64_t now);

  /// Replaces the one before; `step` is that of the code that confirmed it.
  store::Queued put_totp(std::string_view username, const Secret<std::string>& secret, std::int64_t step,
                         std::int64_t now);
  store::Queued put_recovery(std::string_view username, std::vector<std::string> hashes);
  /// Error "passkey_known": somebody has it; "passkeys_full".
  Result<store::Queued> add_passkey(std::string_view username, Passkey passkey);
  std::optional<store::Queued> remove(std::string_view username, std::string_view factor_id);
  /// All of a person: a lost factor, or a person who left.
  std::optional<store::Queued> reset(std::string_view username);
  std::string user_handle(std::string_view username);

  bool knows_device(std::string_view username, std::string_view browser) const;
  store::Queued remember_device(std::string_view username, std::string_view browser);

 private:
  using Map = std::map<std::string, Factors, std::less<>>;
  Factors& of(std::string_view username);  // under the lock
  store::Queued queue(const Factors& factors);
  Secret<std::string> open(std::string_view sealed) const;

  store::Store& store_;
  Random& random_;
  Secret<std::string> key_;
  mutable std::mutex mutex_;
  Map all_;
  std::map<std::string, std::string, std::less<>> owners_;  // credential id -> username
};

}  // namespace ward::identity
