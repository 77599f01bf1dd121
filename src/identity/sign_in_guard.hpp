// Failures of sign-in: growing delays, and a pause of a quarter of an hour after ten in a row. A browser that signed in
// before counts by itself, so that strangers cannot lock it out.
#pragma once

#include "crypto/hash.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "bounded.hpp"

namespace ward::identity {

/// Any thread. Bounded: the entries that rest longest go first.
class SignInGuard {
 public:
  static constexpr unsigned failures_max = 10;
  static constexpr std::int64_t pause_seconds = 15 * 60;
  static constexpr std::size_t entries_max = 200'000;

  /// A try is counted as a failure before it is looked at, so that tries side by side count too; `known_device`: hash
  /// of a browser that this person signed in with, or empty.
  struct Charge {
    bool paused = false;                 // not to be looked at
    bool began = false;                  // this try began a pause, unless it succeeds
    std::chrono::milliseconds delay{0};  // to wait before it is looked at
  };
  Charge charge(std::string_view username, std::string_view known_device, std::int64_t now);
  /// The try was right and more is to come, or nobody looked at it.
  void refund(std::string_view username, std::string_view known_device, const Charge& charge);
  /// Signed in: all is forgotten.
  void succeeded(std::string_view username, std::string_view known_device);

 private:
  struct Count {
    unsigned failures = 0;
    std::int64_t last = 0, paused_until = 0;
  };
  static crypto::Sha256 key(std::string_view username, std::string_view known_device);
  void make_room(std::int64_t now);

  mutable std::mutex mutex_;
  std::unordered_map<crypto::Sha256, Count, DigestHash> counts_;
};

}  // namespace ward::identity
