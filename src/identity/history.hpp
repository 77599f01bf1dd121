// The last sign-ins of each person, good and bad, for their own eyes.
#pragma once

#include "store/store.hpp"

#include <deque>
#include <map>
#include <mutex>

namespace ward::identity {

struct SignIn {
  std::int64_t at = 0;
  std::string what;   // a key of locales/, "history.signed_in"
  std::string where;  // device and network; empty: many
  bool good = false;
  std::uint64_t count = 1;  // how often it happened like this
};

/// Any thread. Bounded per person; only of people who exist.
class History {
 public:
  static constexpr std::size_t per_person_max = 50;
  static constexpr std::size_t places_max = 20;  // told apart among the failures since the last good one
  explicit History(store::Store& store) : store_(store) {}
  Result<void> load();
  /// Equal failures since the last good sign-in are one with a count, and what comes from more places than
  /// `places_max` is counted together: a flood cannot push out what came before.
  void note(std::string_view username, SignIn sign_in);
  std::optional<store::Queued> forget(std::string_view username);
  /// The newest first.
  std::vector<SignIn> of_person(std::string_view username) const;

 private:
  using List = std::deque<SignIn>;
  static void note_failure(List& list, SignIn failure);
  static std::string encode(const List& list);
  static List decode(std::string_view text);

  store::Store& store_;
  mutable std::mutex mutex_;
  std::map<std::string, List, std::less<>> all_;
};

}  // namespace ward::identity
