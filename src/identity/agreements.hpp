// What people agreed to give to apps: each agreement is the root of one code, its refresh tokens (the "family" of
// RFC 9700 section 4.14) and its access tokens. Ending it ends them all, at the next request.
#pragma once

#include "bounded.hpp"
#include "crypto/hash.hpp"
#include "identity.hpp"
#include "store/store.hpp"

#include <map>
#include <mutex>
#include <unordered_map>

namespace ward::identity {

/// Kept in memory and in the store. Times are seconds since 1970. Hashes are SHA-256 in hex.
struct Agreement {
  std::string id;
  std::string username, client_id;
  std::string scope;  // granted, canonical
  // Launch context (SMART App Launch 2.2 section 2.1.11).
  std::string patient, encounter;
  std::string context;  // more members of the token answer, as JSON members without braces; may be empty
  // Of the sign-in.
  std::string session;  // its id
  std::string acr, amr;
  std::int64_t auth_time = 0;
  std::string nonce;
  std::uint64_t person_generation = 0, client_generation = 0;
  std::int64_t created = 0;
  std::int64_t ends = 0;  // of all; a refresh moves it on, up to `ends_at_last`
  std::int64_t ends_at_last = 0;
  // The key that tokens are bound to (RFC 9449, RFC 8705); empty: none.
  std::string key_thumbprint, certificate_thumbprint;
  // The code.
  std::string code_hash, redirect_uri, code_challenge;
  std::int64_t code_ends = 0;
  bool code_used = false;
  // The refresh token; number 0: none was given.
  std::uint64_t refresh_number = 0;
  std::string refresh_hash, previous_hash;
  std::string successor;  // the current token sealed under the one before, for a retry by the same key
  std::int64_t refreshed = 0;
};

std::string to_json(const Agreement&);
Result<Agreement> parse_agreement(std::string_view json);

/// Any thread. Memory and the store's queue change under one lock; who answers waits for the Queued first.
class Agreements {
 public:
  static constexpr std::size_t entries_max = 2'000'000;
  explicit Agreements(store::Store& store) : store_(store) {}
  Result<void> load(std::int64_t now);

  /// Error "agreements_full".
  Result<store::Queued> add(Agreement agreement, std::int64_t now);
  std::optional<Agreement> find(std::string_view id) const;
  std::optional<Agreement> by_code(std::string_view code_hash) const;

  enum class Taken : std::uint8_t { fresh, used, gone };
  struct Outcome {
    Taken taken;
    std::optional<store::Queued> queued;
  };
  /// Uses the code up, in one step, and keeps with it the first refresh token (empty: none) and the keys that
  /// `agreement` is bound to from now on.
  Outcome take_code(const Agreement& agreement, std::string_view first_refresh_hash, std::int64_t ends);
  /// Puts a new refresh token in the place of the current one, in one step. `used` if `current_hash` is not the current
  /// one any more.
  Outcome rotate(std::string_view id, std::string_view current_hash, std::string_view next_hash, std::string successor,
                 std::int64_t now, std::int64_t ends);
  /// Writes what is in memory once more: for who must know that it is on disk.
  std::optional<store::Queued> keep(std::string_view id);
  /// Moves the end on, for refresh tokens that stay as they are.
  void prolong(std::string_view id, std::int64_t ends);

  /// Ends one, or all of a kind; what was ended. In memory at once.
  std::optional<store::Queued> end(std::string_view id);
  struct Ended {
    std::vector<std::string> ids;
    std::optional<store::Queued> queued;
  };
  Ended end_of_session(std::string_view username, std::string_view session, bool only_online);
  Ended end_of_person(std::string_view username);
  Ended end_of_app(std::string_view username, std::string_view client_id);

  /// Neither ended nor over, and the client's registration is still the one that it was made with.
  bool alive(std::string_view id, std::uint64_t client_generation, std::int64_t now) const;
  std::vector<Agreement> of_person(std::string_view username, std::int64_t now) const;
  /// Grows when one ends.
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  std::size_t size() const;

 private:
  store::Queued queue(const Agreement& agreement);
  void forget(const std::string& id);
  void sweep(std::int64_t now);
  template <class Matches>
  Ended end_where(std::string_view username, Matches matches);

  store::Store& store_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Agreement>> all_;
  std::unordered_map<std::string, std::string> codes_;              // hash -> id
  std::multimap<std::string, std::string, std::less<>> by_person_;  // username -> id
  std::multimap<std::int64_t, std::string> by_end_;                 // when to look whether it is over
  std::atomic<std::uint64_t> epoch_{1};
};

}  // namespace ward::identity
