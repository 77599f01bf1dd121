// What people agreed to before, so that they are not asked again for the same: a wider wish is asked again.
#pragma once

#include "directory.hpp"
#include "flow.hpp"

namespace ward::identity {

/// Any thread.
class Consents {
 public:
  explicit Consents(store::Store& store) : store_(store) {}
  Result<void> load();
  /// Our own apps need none; others only within what was agreed to, and not if the app wants the person asked.
  bool covers(std::string_view username, const OAuthClient& client, const Flow& flow) const;
  store::Queued give(std::string_view username, const OAuthClient& client, std::string_view scope, std::int64_t now);
  std::optional<store::Queued> withdraw(std::string_view username, std::string_view client_id);
  /// All of a person.
  std::optional<store::Queued> forget(std::string_view username);

 private:
  store::Store& store_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> given_;  // "username client_id" -> scope
};

}  // namespace ward::identity
