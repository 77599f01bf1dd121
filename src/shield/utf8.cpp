#include "utf8.hpp"

#include "base/encoding.hpp"

namespace ward::shield {

CodePoint code_point_at(std::string_view text, std::size_t at) noexcept {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  const std::string_view sequence = text.substr(at, bytes);
  if (sequence.size() != bytes || !is_utf8(sequence)) return {first, 0};
  char32_t value = first & (0xFF >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) value = (value << 6) | (static_cast<unsigned char>(sequence[i]) & 0x3F);
  return {value, bytes};
}

void append_utf8(std::string& out, char32_t value) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((value >> shift) & 0x3F)); };
  if (value < 0x80) {
    out += static_cast<char>(value);
  } else if (value < 0x800) {
    out += static_cast<char>(0xC0 | (value >> 6));
    tail(0);
  } else if (value < 0x10000) {
    out += static_cast<char>(0xE0 | (value >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (value >> 18));
    tail(12), tail(6), tail(0);
  }
}

}  // namespace ward::shield
