// Pushed authorization requests (RFC 9126): kept for a minute and a half, used once.
#pragma once

#include "bounded.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ward::identity {

/// Any thread. Bounded, per client too; a full table refuses.
class Pushed {
 public:
  static constexpr std::int64_t lifetime = 90;
  static constexpr std::size_t entries_max = 20'000, per_client_max = 2'000;
  static constexpr std::string_view prefix = "urn:ietf:params:oauth:request_uri:";

  struct Request {
    std::string client_id;
    std::string parameters;  // as a form
    std::int64_t ends;
  };
  /// False if there is no room.
  bool put(std::string_view id, Request request, std::int64_t now);
  /// Takes it out: of two that race, one gets it.
  std::optional<Request> take(std::string_view id, std::int64_t now);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, Request> all_;
  std::unordered_map<std::string, std::size_t> per_client_;
};

}  // namespace ward::identity
