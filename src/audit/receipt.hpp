// Proofs that something is in the log: made by the audit room alone, and the only source of permits.
#pragma once

#include "base/permit.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ward::audit {

/// A record that is on disk. Not copied; used up by becoming the permit to send one answer.
class Receipt {
 public:
  Receipt(Receipt&&) noexcept = default;
  Receipt& operator=(Receipt&&) noexcept = default;
  Receipt(const Receipt&) = delete;
  Receipt& operator=(const Receipt&) = delete;

  /// Index of the record (of its first part, if it was split).
  std::uint64_t index() const { return index_; }
  /// RFC 6962 leaf hash of the record: SHA-256(0x00 || record). Computed when asked for.
  std::array<unsigned char, 32> leaf_hash() const;
  /// "INDEX:HEX" for X-Ward-Receipt.
  std::string text() const;

  SendPermit permit() && { return SendPermit(); }

 private:
  friend class Log;
  Receipt(std::uint64_t index, std::string record) : index_(index), record_(std::move(record)) {}
  std::uint64_t index_;
  std::string record_;
};

/// For a fixed answer without PHI that needs no record of its own. `what` is a stable slug ("log_closed", "malformed",
/// "admin", "redirect"); answers are counted by it (ward_audit_no_phi_total, and the first record after re-opening).
class NoPhi {
 public:
  NoPhi(NoPhi&&) noexcept = default;
  NoPhi& operator=(NoPhi&&) noexcept = default;
  NoPhi(const NoPhi&) = delete;
  NoPhi& operator=(const NoPhi&) = delete;

  SendPermit permit() && { return SendPermit(); }

 private:
  friend NoPhi no_phi(std::string_view what);
  NoPhi() = default;
};
/// Any thread.
NoPhi no_phi(std::string_view what);

/// An intention that is on disk. Gives a ChangePermit for each change set that its record names, and must be followed
/// by Log::outcome, whatever happens; start-up settles those that were not.
class Intent {
 public:
  Intent(Intent&&) noexcept = default;
  Intent& operator=(Intent&&) noexcept = default;
  Intent(const Intent&) = delete;
  Intent& operator=(const Intent&) = delete;

  std::uint64_t index() const { return index_; }
  ChangePermit permit() const { return ChangePermit(index_); }

 private:
  friend class Log;
  explicit Intent(std::uint64_t index) : index_(index) {}
  std::uint64_t index_;
};

}  // namespace ward::audit
