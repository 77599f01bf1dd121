// Randomness behind a seam.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace ward {

/// Where the house gets its randomness from. Any thread.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(void* memory, std::size_t bytes) = 0;

  std::string bytes(std::size_t count);
  /// `bytes` random bytes as base64url without padding; 16 bytes give 22 characters and 128 bits.
  std::string token(std::size_t bytes = 16);
  /// The same, never with '-' at its beginning: for names that people give to commands, which would take it for an
  /// option.
  std::string name(std::size_t bytes = 16);
};

/// The kernel's generator (getrandom).
class SystemRandom final : public Random {
 public:
  void fill(void* memory, std::size_t bytes) override;
};

/// Repeats itself from a seed. For tests and the demo's data only; never for keys.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(void* memory, std::size_t bytes) override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace ward
