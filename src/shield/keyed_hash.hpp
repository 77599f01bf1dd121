// SipHash-2-4 (Aumasson and Bernstein, 2012) under a key of this process, so that nobody outside can choose collisions.
#pragma once

#include <cstdint>
#include <string_view>

namespace ward::shield {

struct HashKey {
  std::uint64_t k0 = 0, k1 = 0;
  /// Fresh, from the kernel.
  static HashKey random();
};

std::uint64_t keyed_hash(const HashKey& key, std::string_view bytes, std::uint64_t tweak = 0) noexcept;

}  // namespace ward::shield
