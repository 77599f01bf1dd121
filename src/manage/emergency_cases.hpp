// The review queue of emergencies: what door keeps of them, as administration shows it.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::manage {

struct EmergencyCase {
  std::string id;
  std::string person, patient;  // "Practitioner/3"; an id
  std::int64_t from_ms = 0, until_ms = 0;
  std::string reviewed_by, note;  // empty: open
  std::int64_t reviewed_ms = 0;
};

class EmergencyCases {
 public:
  virtual ~EmergencyCases() = default;
  /// Those that nobody has reviewed yet, in the order in which they began, behind the one called `id`.
  virtual std::vector<EmergencyCase> open_after(std::string_view id, std::size_t limit) const = 0;
  virtual std::optional<EmergencyCase> find(std::string_view id) const = 0;
  /// Durable when it returns; blocks on the disk. Errors: "not_found", those of the store.
  virtual Result<void> review(const std::string& id, std::string by, std::string note) = 0;
};

}  // namespace ward::manage
