// Sources that only probe: slowed, then reported. And the list of addresses that are not served at all.
#pragma once

#include "base/clock.hpp"
#include "base/config.hpp"
#include "base/error.hpp"

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::shield {

struct AbuseSettings {
  double slow_at = 40;    // score from which answers are slowed
  double report_at = 80;  // score at which the event is due
  std::chrono::milliseconds delay_max{2000};
  std::chrono::milliseconds half_life{60'000};  // of the score
  std::uint32_t patients_max = 100;             // distinct patients per window before each further one scores
  std::chrono::milliseconds patients_window{600'000};
  std::uint32_t sources_max = 16'384;
};
/// Reads [limits.abuse]: `slow_at`, `report_at`, `delay_max`, `half_life`, `patients_max`, `patients_window`,
/// `sources_max`.
AbuseSettings read_abuse(const config::Section& section);

/// What was seen of one answered request.
struct Sighting {
  int status = 200;
  std::string_view asked_id;       // logical id of a read, as asked; sequences of numbers are noticed
  std::string_view patient;        // patient whose record was asked for, if any; kept as a hash only
  bool credentials_wrong = false;  // a failed sign-in or a bad token, beyond the status
};

/// The security event `abuse`, to be recorded by the caller; once until the source has come to rest.
struct AbuseEvent {
  std::string source;  // "address 192.0.2.7" or "subject u-12"
  double score = 0;
  std::string reason;  // "not_found_sweep", "unauthorised_sweep", "sequential_ids", "many_patients", "bad_credentials"
};

/// Scores sources (an address, and a subject once it is known) with decay. Any thread. Bound: `sources_max`; the one
/// nearest to rest is forgotten first.
class Abuse {
 public:
  explicit Abuse(AbuseSettings settings = {});
  ~Abuse();

  /// `kind` is "address" or "subject"; `key` as in LimitKey. Returns the event when it is due.
  std::optional<AbuseEvent> saw(std::string_view kind, std::string_view key, const Sighting& sighting, MonoTime now);
  /// How long to hold back the next answer to this source; zero for nearly all.
  std::chrono::milliseconds delay(std::string_view kind, std::string_view key, MonoTime now) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

struct BlockedPrefix {
  std::string prefix;             // "192.0.2.0/24", "2001:db8::/64"
  std::optional<WallTime> until;  // for ever if empty
  std::string reason;
};

/// Addresses and prefixes that are refused, with expiry. Reads take no lock; changes copy the list. At most 10,000
/// entries.
class Blocklist {
 public:
  Blocklist();
  ~Blocklist();

  /// Errors: "blocklist_prefix" (not an address or prefix, or it would cover everything), "blocklist_full".
  Result<void> add(std::string_view prefix, std::optional<WallTime> until, std::string_view reason);
  bool remove(std::string_view prefix);
  std::vector<BlockedPrefix> list(WallTime now) const;
  bool blocked(const boost::asio::ip::address& address, WallTime now) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace ward::shield
