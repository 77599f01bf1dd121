// Two promises as types: nothing is sent without a durable audit record, and nothing is changed without a durable
// intention. Only the audit room makes these (and its Receipt, NoPhi and Intent are the only sources).
#pragma once

#include <cstdint>

namespace ward::audit {
class Receipt;
class NoPhi;
class Intent;
}  // namespace ward::audit

namespace ward {

/// Allows one response to be written to a client socket. Used up by being sent.
class SendPermit {
 public:
  SendPermit(SendPermit&&) = default;
  SendPermit& operator=(SendPermit&&) = default;
  SendPermit(const SendPermit&) = delete;
  SendPermit& operator=(const SendPermit&) = delete;

 private:
  friend class audit::Receipt;
  friend class audit::NoPhi;
  SendPermit() = default;
};

/// Allows one change, in the store or at an upstream. Carries the log index of the INTENT that was made durable before.
class ChangePermit {
 public:
  ChangePermit(ChangePermit&&) = default;
  ChangePermit& operator=(ChangePermit&&) = default;
  ChangePermit(const ChangePermit&) = delete;
  ChangePermit& operator=(const ChangePermit&) = delete;

  std::uint64_t intent() const { return intent_; }

 private:
  friend class audit::Intent;
  explicit ChangePermit(std::uint64_t intent) : intent_(intent) {}
  std::uint64_t intent_;
};

}  // namespace ward
