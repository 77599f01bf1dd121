// Checkpoints: C2SP signed notes (signed-note, tlog-checkpoint) that say how long the log was and what it hashed to.
#pragma once

#include "base/clock.hpp"
#include "crypto/keys.hpp"
#include "disk.hpp"
#include "frame.hpp"

#include <vector>

namespace ward::audit {

struct Checkpoint {
  std::string origin;       // HOST/audit/NODE; also the key's name
  std::uint64_t count = 0;  // indexes below it are covered
  Chain chain{};            // of entry count-1
  LogId log{};
  WallTime time{};
  std::vector<std::uint64_t> open;  // INTENTs without OUTCOME
};

struct VerifierKey {
  std::string name;
  std::string public_raw;
};
/// "NAME+HASH+BASE64", as signed-note writes verifier keys.
std::string verifier_line(const VerifierKey&);
std::optional<VerifierKey> parse_verifier(std::string_view line);

std::string sign_checkpoint(const Checkpoint&, const crypto::SigningKey&);
/// Error "checkpoint_bad": malformed, or no signature by any of `keys`.
Result<Checkpoint> open_checkpoint(std::string_view note, const std::vector<VerifierKey>& keys);
/// The origin that a note claims, unverified.
std::string_view claimed_origin(std::string_view note);

inline std::filesystem::path checkpoint_path(const std::filesystem::path& directory) {
  return directory / "checkpoint";
}
inline std::filesystem::path verifier_path(const std::filesystem::path& directory) {
  return directory / "checkpoint.pub";
}

/// Replaces the directory's checkpoint; the one before it stays in checkpoints/DAY if it was the last of its day.
Result<void> keep_checkpoint(Disk&, const std::filesystem::path& directory, const std::string& note, WallTime time,
                             WallTime before);

}  // namespace ward::audit
