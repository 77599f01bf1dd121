// Exact decimal arithmetic on path::Decimal. What would need more than 38 digits gives nullopt.
#pragma once

#include "path.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ward::fhir::path {

/// Of "-12.50" or, as JSON has it, "1.25e-3". nullopt if it is no number or needs more than 38 digits.
std::optional<Decimal> parse_decimal(std::string_view text);
std::string to_text(const Decimal& value);
Decimal from_integer(std::int64_t value);
std::optional<Decimal> from_double(double value);
double to_double(const Decimal& value);

/// -1, 0, 1. Values too far apart to be brought to one scale are compared as doubles.
int compare(const Decimal& a, const Decimal& b);
std::optional<Decimal> add(const Decimal& a, const Decimal& b);
std::optional<Decimal> subtract(const Decimal& a, const Decimal& b);
std::optional<Decimal> multiply(const Decimal& a, const Decimal& b);
/// To 16 places, trailing zeros removed. nullopt if b is zero.
std::optional<Decimal> divide(const Decimal& a, const Decimal& b);
/// The whole part of a / b, towards zero.
std::optional<Decimal> divide_whole(const Decimal& a, const Decimal& b);

/// Half away from zero.
Decimal round_to(const Decimal& value, int scale);
Decimal truncate(const Decimal& value);
Decimal floor(const Decimal& value);
Decimal ceiling(const Decimal& value);
Decimal normalise(Decimal value);
/// The value as an integer if it is one and fits.
std::optional<std::int64_t> to_integer(const Decimal& value);

}  // namespace ward::fhir::path
