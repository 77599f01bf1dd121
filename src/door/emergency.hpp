// Break the glass (45 CFR 164.312(a)(2)(ii)): for half an hour one patient's record opens to somebody whose role has
// the purpose ETREAT, who gave a reason and has just shown a second factor. Under that purpose, only those patients are
// seen.
#pragma once

#include "base/clock.hpp"
#include "manage/emergency_cases.hpp"
#include "store/store.hpp"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace ward::door {

inline constexpr std::string_view emergency_purpose = "ETREAT";  // v3 PurposeOfUse

struct Emergency {
  std::string person;   // "Practitioner/3"
  std::string patient;  // id; also of nobody, as whoever asks is not told
  std::int64_t from_ms = 0, until_ms = 0;
  std::string reviewed_by, note;  // empty: nobody has looked at it yet
  std::int64_t reviewed_ms = 0;
};

/// Kept in the store for 400 days, for the patient to see; the reasons are in the audit records alone. Any thread.
class Emergencies final : public manage::EmergencyCases {
 public:
  static constexpr std::chrono::minutes lifetime{30};
  static constexpr std::size_t at_once_max = 8;  // of one person

  static Result<std::unique_ptr<Emergencies>> open(store::Store& store, Clock& clock);

  /// Durable when it is done. Begun again, it lasts half an hour from then. Errors: "too_many" (at_once_max), and those
  /// of the store.
  boost::asio::awaitable<Result<Emergency>> begin(std::string person, std::string patient);
  /// Patients that are open to `person` now.
  std::vector<std::string> patients(std::string_view person) const;
  /// When the first of those ends; nothing if there is none.
  std::optional<WallTime> first_end(std::string_view person) const;
  /// When the last of them ends.
  std::optional<WallTime> last_end(std::string_view person) const;
  /// Newest first.
  std::vector<Emergency> about(std::string_view patient) const;
  // The review queue: by ids that follow from the keys under which they are kept.
  std::vector<manage::EmergencyCase> open_after(std::string_view id, std::size_t limit) const override;
  std::optional<manage::EmergencyCase> find(std::string_view id) const override;
  Result<void> review(const std::string& id, std::string by, std::string note) override;

  /// Grows with each that begins; part of the key under which decisions are remembered.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  Emergencies(store::Store& store, Clock& clock) : store_(store), clock_(clock) {}

 private:
  using Kept = std::map<std::string, Emergency>;
  Kept::const_iterator locate(std::string_view id) const;  // with the lock
  Result<void> load();
  void forget_old(std::int64_t now_ms);  // with the lock
  std::vector<std::int64_t> ends(std::string_view person) const;
  std::size_t open_beside(std::string_view person, std::string_view patient) const;  // other patients

  store::Store& store_;
  Clock& clock_;
  mutable std::mutex mutex_;
  Kept all_;  // by key: when it began, person and patient
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace ward::door
