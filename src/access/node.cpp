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

constexpr std::uint64_t spread = 0x9E3779B97F4A7C15;

}  // namespace

void Node::seal() {
  unsigned bits = 3;
  while ((std::size_t{1} << bits) < entries.size() * 2) ++bits;
  shift = 64 - bits;
  slots.assign(std::size_t{1} << bits, 0);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    std::string padded = entries[i].name + std::string(8, '\0');
    std::size_t at = (fingerprint(padded.data(), entries[i].name.size()) * spread) >> shift;
    while (slots[at] != 0) at = (at + 1) & (slots.size() - 1);
    slots[at] = static_cast<std::uint16_t>(i + 1);
  }
}

const Action& Node::find(std::string_view name) const {
  std::size_t at = (fingerprint(name.data(), name.size()) * spread) >> shift;
  for (; slots[at] != 0; at = (at + 1) & (slots.size() - 1)) {
    const Entry& entry = entries[slots[at] - 1];
    if (entry.name == name) return entry.action;
  }
  return unknown;
}

}  // namespace ward::access::detail
