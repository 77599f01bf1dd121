#include "path/decimal.hpp"

#include <charconv>
#include <cmath>

namespace ward::fhir::path {
namespace {

constexpr int scale_max = 30;

std::optional<Int128> scaled(Int128 digits, int by) {
  for (; by > 0; --by) {
    if (__builtin_mul_overflow(digits, Int128{10}, &digits)) return std::nullopt;
  }
  return digits;
}

Int128 power_of_ten(int exponent) {
  Int128 result = 1;
  for (; exponent > 0; --exponent) result *= 10;
  return result;
}

struct Aligned {
  Int128 a, b;
  int scale;
};

std::optional<Aligned> align(const Decimal& a, const Decimal& b) {
  const int scale = std::max(a.scale, b.scale);
  const auto left = scaled(a.digits, scale - a.scale);
  const auto right = scaled(b.digits, scale - b.scale);
  if (!left || !right) return std::nullopt;
  return Aligned{*left, *right, scale};
}

std::optional<int> parse_exponent(std::string_view text) {
  if (!text.empty() && text[0] == '+') text.remove_prefix(1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || end != text.data() + text.size() || exponent < -60 || exponent > 60) return std::nullopt;
  return exponent;
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  int exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != text.npos) {
    const auto parsed = parse_exponent(text.substr(e + 1));
    if (!parsed) return std::nullopt;
    exponent = *parsed;
    text = text.substr(0, e);
  }
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  Decimal value;
  bool any = false, point = false;
  for (const char c : text) {
    if (c == '.') {
      if (point || !any) return std::nullopt;
      point = true;
      any = false;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    any = true;
    if (__builtin_mul_overflow(value.digits, Int128{10}, &value.digits) ||
        __builtin_add_overflow(value.digits, Int128{c - '0'}, &value.digits))
      return std::nullopt;
    if (point) ++value.scale;
  }
  if (!any) return std::nullopt;
  value.scale -= exponent;
  if (value.scale < 0) {
    const auto digits = scaled(value.digits, -value.scale);
    if (!digits) return std::nullopt;
    value = {*digits, 0};
  }
  if (value.scale > 2 * scale_max) return std::nullopt;
  if (negative) value.digits = -value.digits;
  return value;
}

std::string to_text(const Decimal& value) {
  std::string reversed;
  const bool negative = value.digits < 0;
  Int128 rest = value.digits;
  for (int place = 0; rest != 0 || place <= value.scale; ++place) {
    if (place == value.scale && place > 0) reversed.push_back('.');
    const int digit = static_cast<int>(rest % 10);
    reversed.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    rest /= 10;
  }
  if (negative) reversed.push_back('-');
  return {reversed.rbegin(), reversed.rend()};
}

Decimal from_integer(std::int64_t value) { return {value, 0}; }

std::optional<Decimal> from_double(double value) {
  if (!std::isfinite(value) || std::fabs(value) > 1e20) return std::nullopt;
  return parse_decimal(fmt::format("{:.15g}", value));
}

double to_double(const Decimal& value) {
  const std::string text = to_text(value);
  double result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

int compare(const Decimal& a, const Decimal& b) {
  if (const auto pair = align(a, b)) return pair->a < pair->b ? -1 : pair->a > pair->b ? 1 : 0;
  const double left = to_double(a), right = to_double(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

std::optional<Decimal> add(const Decimal& a, const Decimal& b) {
  const auto pair = align(a, b);
  Int128 sum;
  if (!pair || __builtin_add_overflow(pair->a, pair->b, &sum)) return std::nullopt;
  return Decimal{sum, pair->scale};
}

std::optional<Decimal> subtract(const Decimal& a, const Decimal& b) {
  const auto pair = align(a, b);
  Int128 difference;
  if (!pair || __builtin_sub_overflow(pair->a, pair->b, &difference)) return std::nullopt;
  return Decimal{difference, pair->scale};
}

std::optional<Decimal> multiply(const Decimal& a, const Decimal& b) {
  Int128 product;
  if (__builtin_mul_overflow(a.digits, b.digits, &product)) return std::nullopt;
  const Decimal value{product, a.scale + b.scale};
  return value.scale > scale_max ? round_to(value, scale_max) : value;
}

std::optional<Decimal> divide(const Decimal& a, const Decimal& b) {
  if (b.digits == 0) return std::nullopt;
  const auto pair = align(a, b);
  if (!pair) return std::nullopt;
  for (int places = 16; places >= 0; --places) {
    const auto dividend = scaled(pair->a, places + 1);
    if (!dividend) continue;
    return normalise(round_to({*dividend / pair->b, places + 1}, places));
  }
  return std::nullopt;
}

std::optional<Decimal> divide_whole(const Decimal& a, const Decimal& b) {
  if (b.digits == 0) return std::nullopt;
  const auto pair = align(a, b);
  if (!pair) return std::nullopt;
  return Decimal{pair->a / pair->b, 0};
}

Decimal round_to(const Decimal& value, int scale) {
  if (value.scale <= scale) return value;
  const int drop = value.scale - scale;
  if (drop > 37) return {0, scale};
  const Int128 unit = power_of_ten(drop);
  Int128 digits = value.digits / unit;
  const Int128 rest = value.digits % unit;
  const Int128 half = unit / 2;
  if (rest >= half) ++digits;
  if (rest <= -half) --digits;
  return {digits, scale};
}

Decimal truncate(const Decimal& value) {
  if (value.scale == 0) return value;
  if (value.scale > 37) return {};
  return {value.digits / power_of_ten(value.scale), 0};
}

Decimal floor(const Decimal& value) {
  Decimal whole = truncate(value);
  if (value.digits < 0 && compare(whole, value) != 0) --whole.digits;
  return whole;
}

Decimal ceiling(const Decimal& value) {
  Decimal whole = truncate(value);
  if (value.digits > 0 && compare(whole, value) != 0) ++whole.digits;
  return whole;
}

Decimal normalise(Decimal value) {
  while (value.scale > 0 && value.digits % 10 == 0) {
    value.digits /= 10;
    --value.scale;
  }
  return value;
}

std::optional<std::int64_t> to_integer(const Decimal& value) {
  const Decimal whole = normalise(value);
  if (whole.scale != 0 || whole.digits > INT64_MAX || whole.digits < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(whole.digits);
}

}  // namespace ward::fhir::path
