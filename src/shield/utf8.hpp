// Walking UTF-8 code point by code point, for the encoders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ward::shield {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;  // 0 if the byte there begins no well-formed sequence (RFC 3629)
};

/// The code point at `text[at]`; `at` is inside.
CodePoint code_point_at(std::string_view text, std::size_t at) noexcept;
void append_utf8(std::string& out, char32_t value);

/// C0, DEL and C1.
constexpr bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

/// Characters that reorder, hide or break lines for a reader: bidirectional controls (Unicode TR36 3.1, "Trojan
/// Source"), zero-width and invisible ones, line and paragraph separators, tags, and the noncharacters.
constexpr bool is_deceptive(char32_t c) {
  return c == 0x061C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
         c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F) || (c & 0xFFFE) == 0xFFFE;
}

}  // namespace ward::shield
