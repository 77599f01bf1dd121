// Unicode for passwords, by ICU. Buffers that held one are wiped.
#pragma once

#include "base/guarded.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ward::factors {

/// NFC, with every kind of blank as U+0020 (RFC 8265 section 4.2.1, OpaqueString). Empty if `text` is not UTF-8, or
/// holds control characters or code points that are not assigned.
std::optional<Secret<std::string>> opaque_string(std::string_view text);

/// For comparing: case-folded, in NFC. `text` is UTF-8.
Secret<std::u32string> folded(std::string_view text);

/// UTF-8 of code points.
Secret<std::string> to_utf8(const std::u32string& text);

bool is_letter(char32_t c);

/// Code points of UTF-8.
std::size_t count_characters(std::string_view text);

}  // namespace ward::factors
