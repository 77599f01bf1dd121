// A QR code (ISO/IEC 18004) as a picture that stands in a page.
#pragma once

#include <string>
#include <string_view>

namespace ward::factors {

constexpr std::size_t qr_text_bytes_max = 1024;

/// Inline SVG of `text` with error correction level M: one path, a view box with the quiet zone of four modules, and
/// `label` as its name for those who cannot see it (without one, what stands around it must be named). No style or
/// script, so that a strict content security policy holds; the colours are fixed (dark on light), since scanners need
/// them so in a dark page too. Size it by the style sheet, class "qr". Empty if `text` is empty or longer than
/// `qr_text_bytes_max`.
std::string qr_svg(std::string_view text, std::string_view label = {});

}  // namespace ward::factors
