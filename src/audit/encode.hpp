// A Record to its stored bytes: compact JSON, subjects sealed. Runs in the request's own thread.
#pragma once

#include "audit/record.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"
#include "frame.hpp"

#include <memory>
#include <mutex>

namespace ward::audit {

// Recovery finds INTENTs and OUTCOMEs by these first bytes, without parsing.
inline constexpr std::string_view intent_prefix = R"({"v":1,"event":"intent",)";
inline constexpr std::string_view outcome_prefix = R"({"v":1,"event":"outcome","intent":)";

inline constexpr std::string_view seal_purpose = "audit-seal";
inline constexpr std::string_view sign_purpose = "audit-sign";

struct SealKey {
  std::string id;
  Secret<std::string> key;
};

/// What AES-GCM binds the sealed subjects to: this log, node and record.
std::string sealed_context(std::string_view log_hex, std::string_view node, std::string_view salt);

/// Any thread.
class Encoder {
 public:
  Encoder(const LogId& log, std::string node, SealKey key, Clock& clock, Random& random);

  /// One record, or as parts "k of n" where its subjects are too many. Error "record_too_large".
  Result<std::vector<std::string>> encode(const Record& record) const;
  void set_key(SealKey key);

 private:
  std::string seal(std::string_view plain, std::string_view salt) const;
  void random_bytes(char* out, std::size_t count) const;
  std::shared_ptr<const SealKey> key() const;

  const std::uint64_t id_;  // of this encoder in the process, for the thread's pool of random bytes
  std::string log_hex_, node_;
  Clock& clock_;
  Random& random_;
  mutable std::mutex mutex_;
  std::shared_ptr<const SealKey> key_;
};

}  // namespace ward::audit
