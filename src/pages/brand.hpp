// The organisation's colour, made readable in light and dark.
#pragma once

#include "pages.hpp"

namespace ward::pages {

/// "/assets/brand.RRGGBB-HASH.css", or "" without a valid colour. The path says all: nothing is kept.
std::string brand_style_path(std::string_view colour);
/// The style that lies at such a path.
std::optional<std::string> brand_style(std::string_view path);

/// Contrast of two colours "#rrggbb" (WCAG 2.2, relative luminance): 1 to 21.
double contrast(std::string_view one, std::string_view other);

}  // namespace ward::pages
