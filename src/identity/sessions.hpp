// Sessions of people's browsers (NIST SP 800-63B-4 section 5): in memory and in the store, by the hash of their cookie.
#pragma once

#include "identity.hpp"
#include "store/store.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace ward::identity {

/// Times are seconds since 1970.
struct Session {
  std::string hash;  // SHA-256 of the cookie, hex; another with each proof
  std::string id;    // stays: what agreements, ID tokens (`sid`) and people name it by
  std::string username;
  std::uint64_t generation = 0;  // of the person, when it began
  /// What was proven: "pwd", "otp", "hwk", "swk" ... (RFC 8176), separated by spaces.
  std::string amr;
  bool complete = false;  // a second factor was shown, or one that is two
  std::int64_t created = 0, seen = 0, auth_time = 0, idle = 0, ends = 0;  // `idle`: seconds without a request
  std::string device;                                                     // "Firefox on Linux"
  std::string network;                                                    // "192.0.2.0/24"
  bool over(std::int64_t now) const { return now >= ends || now >= seen + idle; }
};

/// Any thread. Bounded: a person's oldest session goes when there are too many.
class Sessions {
 public:
  static constexpr std::size_t entries_max = 1'000'000;
  static constexpr std::size_t per_person_max = 50;
  explicit Sessions(store::Store& store) : store_(store) {}
  Result<void> load(std::int64_t now);

  /// The session of a cookie if it is not over; notes that it was seen.
  std::shared_ptr<const Session> find(std::string_view hash, std::int64_t now);
  /// Begins one, and ends `before` (empty: none) with the same write: a session's name changes when its rights do.
  /// `goes_on`: only if `before` is still there: what somebody else ended does not come back. Errors "sessions_full",
  /// "session_over".
  Result<store::Queued> begin(Session session, std::string_view before, std::int64_t now, bool goes_on = false);
  std::optional<store::Queued> end(std::string_view hash);
  /// All of a person but `except`; how many.
  std::pair<std::size_t, std::optional<store::Queued>> end_all(std::string_view username, std::string_view except);
  std::vector<Session> of_person(std::string_view username, std::int64_t now) const;
  /// Of everybody, by id, from the first behind `after` on; for who administers: it looks at all of them.
  std::vector<Session> list(std::string_view after, std::size_t limit, std::int64_t now) const;
  std::optional<Session> by_id(std::string_view id, std::int64_t now) const;
  bool alive(std::string_view username, std::string_view id, std::int64_t now) const;
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  std::size_t size() const;

 private:
  using Map = std::unordered_map<std::string, std::shared_ptr<const Session>>;
  void remember(Session session);
  void forget(const std::string& hash, std::vector<store::Store::Entry>& entries);
  void make_room(const Session& session, std::int64_t now, std::vector<store::Store::Entry>& entries);

  store::Store& store_;
  mutable std::mutex mutex_;
  Map all_;
  std::multimap<std::string, const std::string*, std::less<>> by_person_;  // username -> key in `all_`
  std::int64_t swept_ = 0;
  std::atomic<std::uint64_t> epoch_{1};
};

/// "Firefox on Linux", from a User-Agent; "a browser" where it says nothing known.
std::string device_name(std::string_view user_agent);
/// The network of an address (/24, /48): where a session is, no closer.
std::string network_name(std::string_view address);

}  // namespace ward::identity
