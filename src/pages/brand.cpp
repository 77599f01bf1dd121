#include "brand.hpp"

#include "base/encoding.hpp"
#include "embedded.hpp"

#include <cmath>

namespace ward::pages {
namespace {

constexpr std::string_view prefix = "/assets/brand.", suffix = ".css";
// Room above the 4.5 of WCAG 2.2 1.4.3 for colours laid over tinted surfaces.
constexpr double contrast_min = 5.0;
// The lightest and the darkest that text of this colour lies on: --background of ward.css.
constexpr std::string_view light_background = "#f3f6f8", dark_background = "#1a242d";

struct Colour {
  int red, green, blue;
};

Colour read(std::string_view colour) {
  const std::string bytes = hex_decode(ascii_lower(colour.substr(1))).value_or(std::string(3, '\0'));
  return {static_cast<unsigned char>(bytes[0]), static_cast<unsigned char>(bytes[1]),
          static_cast<unsigned char>(bytes[2])};
}

std::string write(Colour c) { return fmt::format("#{:02x}{:02x}{:02x}", c.red, c.green, c.blue); }

double luminance(Colour c) {
  const auto linear = [](int channel) {
    const double part = channel / 255.0;
    return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(c.red) + 0.7152 * linear(c.green) + 0.0722 * linear(c.blue);
}

double contrast(Colour one, Colour other) {
  const double a = luminance(one), b = luminance(other);
  return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

Colour towards(Colour from, int target, int percent) {
  const auto mix = [&](int channel) { return channel + (target - channel) * percent / 100; };
  return {mix(from.red), mix(from.green), mix(from.blue)};
}

/// The colour, as much darker or lighter as it must be to be read on that background.
Colour readable(Colour colour, Colour background, int target) {
  for (int percent = 0; percent < 100; percent += 4)
    if (const Colour tried = towards(colour, target, percent); contrast(tried, background) >= contrast_min)
      return tried;
  return {target, target, target};
}

std::string rules(Colour accent, int hover_target) {
  constexpr Colour white{255, 255, 255}, black{0, 0, 0};
  const Colour hover = towards(accent, hover_target, 14);
  const bool on_white = std::min(contrast(accent, white), contrast(hover, white)) >=
                        std::min(contrast(accent, black), contrast(hover, black));
  return fmt::format(":root{{--accent:{};--accent-hover:{};--on-accent:{}}}", write(accent), write(hover),
                     write(on_white ? white : black));
}

const std::string_view style_hash() {
  const EmbeddedFile* file = embedded_file("ward.css");
  return file ? file->hash : std::string_view();
}

}  // namespace

bool valid_colour(std::string_view colour) {
  return colour.size() == 7 && colour[0] == '#' &&
         colour.substr(1).find_first_not_of("0123456789abcdefABCDEF") == colour.npos;
}

double contrast(std::string_view one, std::string_view other) { return contrast(read(one), read(other)); }

std::string brand_style_path(std::string_view colour) {
  if (!valid_colour(colour)) return {};
  return fmt::format("{}{}-{}{}", prefix, ascii_lower(colour.substr(1)), style_hash(), suffix);
}

std::optional<std::string> brand_style(std::string_view path) {
  if (!path.starts_with(prefix) || path.size() < prefix.size() + 6) return {};
  const std::string colour = "#" + std::string(path.substr(prefix.size(), 6));
  if (!valid_colour(colour) || brand_style_path(colour) != path) return {};
  return rules(readable(read(colour), read(light_background), 0), 0) + "@media(prefers-color-scheme:dark){" +
         rules(readable(read(colour), read(dark_background), 255), 255) + "}";
}

}  // namespace ward::pages
