// Launches that an EHR began (SMART App Launch 2.2 section 2.1.7): what the app will find open. Five minutes, once.
#pragma once

#include "base/error.hpp"
#include "base/random.hpp"
#include "bounded.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ward::identity {

struct Launch {
  std::string client_id;  // who may use it; empty: any
  std::string username;   // whose it is; empty: any
  std::string patient, encounter;
  std::string context;  // intent, fhirContext, need_patient_banner, smart_style_url ...: JSON members without braces
  std::int64_t ends = 0;
};

/// Any thread. Bounded; a full table refuses.
class Launches {
 public:
  static constexpr std::int64_t lifetime = 5 * 60;
  static constexpr std::size_t entries_max = 50'000;

  /// The `launch` parameter. Error "launches_full".
  Result<std::string> begin(Launch launch, Random& random, std::int64_t now);
  std::optional<Launch> find(std::string_view id, std::int64_t now) const;
  /// Uses it up; false if it is gone.
  bool take(std::string_view id, std::int64_t now);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Launch> all_;
};

/// A launch from the EHR's JSON {client_id, username, patient, encounter, intent, fhirContext, need_patient_banner,
/// smart_style_url}. Error "launch_invalid".
Result<Launch> parse_launch(std::string_view json);

}  // namespace ward::identity
