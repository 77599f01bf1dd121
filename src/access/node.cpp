#include "view.hpp"

#include <bit>

namespace ward::access::detail {
namespace {

std::uint64_t load(const char* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

std::uint64_t fingerprint(const char* name, std::size_t length) {
  std::uint64_t first = load(name);
  if (length >= 8) return first ^ std::rotl(load(name + length - 8), 23) ^ (static_cast<std::uint64_t>(length) << 56);
  first &= (std::uint64_t{1} << (8 * length)) - 1;
  return first ^ (static_cast<std::uint64_t>(length) << 56);
}

std::size_t slot(std::uint64_t print, std::uint64_t seed, unsigned shift) { return (print * seed) >> shift; }

}  // namespace

void Node::seal() {
  unsigned bits = 3;
  while ((std::size_t{1} << bits) < entries.size() * 2) ++bits;
  std::uint64_t candidate = 0x9E3779B97F4A7C15;
  for (;; ++bits) {
    for (int attempt = 0; attempt < 200; ++attempt, candidate = candidate * 6364136223846793005u + 1442695040888963407u) {
      seed = candidate | 1;
      shift = 64 - bits;
      slots.assign(std::size_t{1} << bits, 0);
      bool collision = false;
      for (std::size_t i = 0; i < entries.size() && !collision; ++i) {
        std::string padded = entries[i].name + std::string(8, '\0');
        auto& place = slots[slot(fingerprint(padded.data(), entries[i].name.size()), seed, shift)];
        collision = place != 0;
        place = static_cast<std::uint16_t>(i + 1);
      }
      if (!collision) return;
    }
  }
}

const Action& Node::find(std::string_view name) const {
  const std::uint16_t at = slots[slot(fingerprint(name.data(), name.size()), seed, shift)];
  if (at == 0) return unknown;
  const Entry& entry = entries[at - 1];
  return entry.name == name ? entry.action : unknown;
}

}  // namespace ward::access::detail
