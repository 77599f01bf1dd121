// Keys that clients publish at their `jwks_uri`.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "crypto/jose.hpp"

#include <boost/asio/awaitable.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace ward::identity {

/// Fetches key sets and keeps them. Only https, at public addresses that are checked before they are connected to; one
/// answer of at most 64 KiB within five seconds, no redirects.
///
/// Any thread. Works on a thread of its own, so that no core reads certificates or waits for a name server.
class KeyFetch {
 public:
  struct Options {
    bool allow_loopback = false;  // for tests, and apps on this machine
    std::filesystem::path ca;     // PEM; empty: the system's
    std::size_t entries_max = 1'000;
  };
  static constexpr std::chrono::seconds fresh_min{300}, fresh_max{3600};  // by Cache-Control max-age, between these
  static constexpr std::chrono::seconds between_fetches{60};              // whatever asks, and whatever came of it
  static constexpr std::size_t fetches_max = 16;                          // at one time
  static constexpr std::size_t uri_bytes_max = 1024;

  /// Any is what is known and fresh; newer is for a token whose `kid` is not there: asks again, but not each time.
  enum class Want : std::uint8_t { any, newer };

  KeyFetch(Options options, Clock& clock);
  /// Ends what runs. Nobody may be waiting: the callers' loops have been drained before.
  ~KeyFetch();

  /// For registration. Error "jwks_uri": not https, with a fragment or user information, too long.
  static Result<void> check_uri(const std::string& uri);

  /// Suspends the caller while it fetches, and resumes it on its own executor. If the origin fails, keys that were
  /// fetched within the last hour are given. Errors, which hold nothing that was fetched: "jwks_uri",
  /// "jwks_address" (not public), "jwks_unreachable", "jwks_answer" (not 200, or no key set), "jwks_busy".
  boost::asio::awaitable<Result<crypto::KeySet>> keys(std::string uri, Want want = Want::any);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace ward::identity
