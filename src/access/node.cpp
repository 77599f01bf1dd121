#include "view.hpp"

#include <bit>

namespace ward::access::detail {
namespace {

std::uint64_t load(const char* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

/// Exact for names of up to sixteen bytes.
struct Print {
  std::uint64_t first, last;
  Print(const char* name, std::size_t size) : first(load(name)), last(0) {
    if (size >= 8) {
      last = load(name + size - 8);
    } else {
      first &= (std::uint64_t{1} << (8 * size)) - 1;
    }
  }
};

constexpr std::uint64_t spread = 0x9E3779B97F4A7C15;

std::size_t place(const Print& print, std::size_t size, unsigned shift) {
  return ((print.first ^ std::rotl(print.last, 23) ^ (static_cast<std::uint64_t>(size) << 56)) * spread) >> shift;
}

}  // namespace

void Node::seal() {
  unsigned bits = 3;
  while ((std::size_t{1} << bits) < entries.size() * 2) ++bits;
  shift = 64 - bits;
  slots.assign(std::size_t{1} << bits, {});
  for (const Entry& entry : entries) {
    const std::string padded = entry.name + std::string(8, '\0');
    const Print print(padded.data(), entry.name.size());
    std::size_t at = place(print, entry.name.size(), shift);
    while (slots[at].entry != nullptr) at = (at + 1) & (slots.size() - 1);
    slots[at] = {print.first, print.last, entry.name.size(), &entry};
  }
}

const Action& Node::find(std::string_view name) const {
  const Print print(name.data(), name.size());
  const std::size_t last = slots.size() - 1;
  const Slot* const table = slots.data();
  for (std::size_t at = place(print, name.size(), shift); table[at].entry != nullptr; at = (at + 1) & last) {
    const Slot& slot = table[at];
    if (slot.first != print.first || slot.last != print.last || slot.size != name.size()) continue;
    if (slot.size <= 16 || std::memcmp(slot.entry->name.data(), name.data(), name.size()) == 0)
      return slot.entry->action;
  }
  return unknown;
}

}  // namespace ward::access::detail
