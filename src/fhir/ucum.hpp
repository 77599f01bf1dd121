// Units of measure (UCUM, https://ucum.org/ucum): is this a unit, and how much is it in base units?
#pragma once

#include "path.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ward::fhir {

/// A unit reduced to UCUM's base units. Pure values; any thread.
struct UcumUnit {
  /// How the scale runs where it does not begin at zero or is no ratio at all.
  enum class Scale : std::uint8_t { ratio, celsius, fahrenheit, other };

  path::Decimal up{1, 0}, down{1, 0};                  // the factor to base units is up / down
  std::array<int, 7> dimensions{};                     // of m, s, g, rad, K, C, cd
  std::vector<std::pair<std::string, int>> arbitrary;  // [iU] and its kind: comparable with themselves alone; sorted
  Scale scale = Scale::ratio;
};

constexpr std::size_t ucum_bytes_max = 512;

/// True for a case-sensitive UCUM code: "mm[Hg]", "10*3/uL", "mg/dL", "{score}". Bounded in length, depth and
/// exponents.
bool is_ucum(std::string_view code);

/// The unit behind the code, or nullopt of what is none.
std::optional<UcumUnit> parse_ucum(std::string_view code);

/// True if values of the two can be compared (UCUM 4.5, commensurable). Units on a scale of their own (pH, decibels)
/// only with their like: compare their codes first.
bool commensurable(const UcumUnit& a, const UcumUnit& b);

}  // namespace ward::fhir
