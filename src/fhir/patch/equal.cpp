#include "patch/equal.hpp"

#include <algorithm>
#include <charconv>

namespace ward::fhir::patch {
namespace {

constexpr std::size_t exponent_digits_max = 15;  // what an int64 surely holds, with the shift by the fraction

/// digits * 10^exponent, without zeros at either end of the digits. Zero has no digits and no sign.
struct Number {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
  bool operator==(const Number&) const = default;
};

std::optional<Number> read_number(std::string_view text) {
  Number number;
  number.negative = text.starts_with('-');
  if (number.negative) text.remove_prefix(1);
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  std::string_view power = text.substr(std::min(mark + 1, text.size()));
  const bool down = power.starts_with('-');
  if (down || power.starts_with('+')) power.remove_prefix(1);
  while (power.starts_with('0')) power.remove_prefix(1);
  if (power.size() > exponent_digits_max) return std::nullopt;
  std::from_chars(power.data(), power.data() + power.size(), number.exponent);
  if (down) number.exponent = -number.exponent;

  const std::string_view mantissa = text.substr(0, mark);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  number.digits = mantissa.substr(0, point);
  if (point < mantissa.size()) {
    const std::string_view fraction = mantissa.substr(point + 1);
    number.digits += fraction;
    number.exponent -= static_cast<std::int64_t>(fraction.size());
  }
  number.digits.erase(0, std::min(number.digits.find_first_not_of('0'), number.digits.size()));
  while (number.digits.ends_with('0')) {
    number.digits.pop_back();
    ++number.exponent;
  }
  return number.digits.empty() ? Number() : number;
}

bool equal_arrays(json::Value a, json::Value b) {
  json::Value other = b.first();
  for (json::Value one = a.first(); one; one = one.next(), other = other.next())
    if (!equal(one, other)) return false;
  return true;
}

std::vector<json::Value> by_name(json::Value object) {
  std::vector<json::Value> members;
  members.reserve(object.size());
  for (json::Value one = object.first(); one; one = one.next()) members.push_back(one);
  std::ranges::sort(members, {}, &json::Value::name);
  return members;
}

bool equal_objects(json::Value a, json::Value b) {
  const std::vector<json::Value> mine = by_name(a), others = by_name(b);
  for (std::size_t i = 0; i < mine.size(); ++i)
    if (mine[i].name() != others[i].name()) return false;
  for (std::size_t i = 0; i < mine.size(); ++i)
    if (!equal(mine[i], others[i])) return false;
  return true;
}

}  // namespace

bool equal_numbers(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto one = read_number(a), other = read_number(b);
  return one && other && *one == *other;
}

bool equal(json::Value a, json::Value b) {
  if (!a || !b || a.type() != b.type() || a.size() != b.size()) return false;
  switch (a.type()) {
    case json::Type::null:
      return true;
    case json::Type::boolean:
      return a.boolean() == b.boolean();
    case json::Type::number:
      return equal_numbers(a.raw(), b.raw());
    case json::Type::string: {
      std::string mine, others;
      return a.text(mine) == b.text(others);
    }
    case json::Type::array:
      return equal_arrays(a, b);
    case json::Type::object:
      return equal_objects(a, b);
  }
  return false;
}

}  // namespace ward::fhir::patch
