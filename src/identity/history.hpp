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
  std::string where;  // device and network
  bool good = false;
};

/// Any thread. Bounded per person; only of people who exist.
class History {
 public:
  static constexpr std::size_t per_person_max = 50;
  explicit History(store::Store& store) : store_(store) {}
  Result<void> load();
  /// Equal failures in a row become one with a count, so that a flood cannot push out what came before.
  void note(std::string_view username, SignIn sign_in);
  std::optional<store::Queued> forget(std::string_view username);
  /// The newest first.
  std::vector<SignIn> of_person(std::string_view username) const;

 private:
  struct Entry {
    SignIn sign_in;
    std::uint64_t count = 1;
  };
  using List = std::deque<Entry>;
  static std::string encode(const List& list);
  static List decode(std::string_view text);

  store::Store& store_;
  mutable std::mutex mutex_;
  std::map<std::string, List, std::less<>> all_;
};

}  // namespace ward::identity
