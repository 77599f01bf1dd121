#include "keyed_hash.hpp"

#include "base/random.hpp"

#include <bit>

namespace ward::shield {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1, v1 = std::rotl(v1, 13), v1 ^= v0, v0 = std::rotl(v0, 32);
    v2 += v3, v3 = std::rotl(v3, 16), v3 ^= v2;
    v0 += v3, v3 = std::rotl(v3, 21), v3 ^= v0;
    v2 += v1, v1 = std::rotl(v1, 17), v1 ^= v2, v2 = std::rotl(v2, 32);
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    round(), round();
    v0 ^= word;
  }
};

}  // namespace

HashKey HashKey::random() {
  HashKey key;
  SystemRandom().fill(&key, sizeof key);
  return key;
}

std::uint64_t keyed_hash(const HashKey& key, std::string_view bytes, std::uint64_t tweak) noexcept {
  const std::uint64_t k0 = key.k0 ^ tweak;
  State state{k0 ^ 0x736f6d6570736575U, key.k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
              key.k1 ^ 0x7465646279746573U};
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + at, 8);
    state.take(word);
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (std::size_t i = 0; at + i < bytes.size(); ++i)
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  state.take(last);
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace ward::shield
