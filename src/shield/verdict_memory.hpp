// Remembers values that the rules found nothing in, so that the same User-Agent is not scanned with every request.
#pragma once

#include "keyed_hash.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace ward::shield {

/// A fixed table of fingerprints (two keyed hashes: the place and the tag); a newer value takes an older one's place.
/// Holds no value, and only clean ones: what is not remembered is scanned. Any thread, no lock.
class VerdictMemory {
 public:
  static constexpr std::size_t value_bytes_max = 512;  // longer text seldom repeats

  explicit VerdictMemory(std::size_t places);
  bool is_clean(std::uint64_t kind, std::string_view value) const noexcept;
  void remember_clean(std::uint64_t kind, std::string_view value) noexcept;

 private:
  struct Print {
    std::size_t place;
    std::uint64_t tag;
  };
  Print print(std::uint64_t kind, std::string_view value) const noexcept;

  HashKey place_key_ = HashKey::random();
  HashKey tag_key_ = HashKey::random();
  std::size_t pairs_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> tags_;
};

}  // namespace ward::shield
