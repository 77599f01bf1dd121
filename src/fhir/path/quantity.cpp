#include "path/quantity.hpp"

#include "path/decimal.hpp"
#include "path/temporal.hpp"

namespace ward::fhir::path {
namespace {

enum class Dimension : std::uint8_t { mass, length, volume, time, year, month };

struct Unit {
  std::string_view code;
  Dimension dimension;
  Decimal factor;  // to the dimension's own unit: mg, um, uL, ms
};

// UCUM, tables 1, 4 and 5 and the avoirdupois and international customary units.
constexpr Unit units[] = {
    {"ng", Dimension::mass, {1, 6}},
    {"ug", Dimension::mass, {1, 3}},
    {"mg", Dimension::mass, {1, 0}},
    {"g", Dimension::mass, {1000, 0}},
    {"kg", Dimension::mass, {1000000, 0}},
    {"[lb_av]", Dimension::mass, {45359237, 2}},
    {"[oz_av]", Dimension::mass, {28349523125, 6}},
    {"um", Dimension::length, {1, 0}},
    {"mm", Dimension::length, {1000, 0}},
    {"cm", Dimension::length, {10000, 0}},
    {"m", Dimension::length, {1000000, 0}},
    {"km", Dimension::length, {1000000000, 0}},
    {"[in_i]", Dimension::length, {25400, 0}},
    {"[ft_i]", Dimension::length, {304800, 0}},
    {"uL", Dimension::volume, {1, 0}},
    {"mL", Dimension::volume, {1000, 0}},
    {"dL", Dimension::volume, {100000, 0}},
    {"L", Dimension::volume, {1000000, 0}},
    {"l", Dimension::volume, {1000000, 0}},
    {"ms", Dimension::time, {1, 0}},
    {"s", Dimension::time, {1000, 0}},
    {"min", Dimension::time, {60000, 0}},
    {"h", Dimension::time, {3600000, 0}},
    {"d", Dimension::time, {86400000, 0}},
    {"wk", Dimension::time, {604800000, 0}},
};

// N1 2.1.9: the words and the UCUM codes they stand for; years and months are definite in UCUM only.
constexpr std::pair<std::string_view, std::string_view> words[] = {
    {"week", "wk"}, {"day", "d"}, {"hour", "h"}, {"minute", "min"}, {"second", "s"}, {"millisecond", "ms"}};

std::string_view singular(std::string_view word) {
  return word.ends_with('s') ? word.substr(0, word.size() - 1) : word;
}

std::string_view code_of(const Quantity& quantity) {
  if (!quantity.calendar) return quantity.unit;
  for (const auto& [word, code] : words) {
    if (singular(quantity.unit) == word) return code;
  }
  return singular(quantity.unit);  // year, month
}

const Unit* find_unit(std::string_view code) {
  for (const Unit& unit : units) {
    if (unit.code == code) return &unit;
  }
  return nullptr;
}

}  // namespace

std::optional<Commensurable> same_unit(const Quantity& left, const Quantity& right, In unit) {
  const auto a = code_of(left), b = code_of(right);
  if (a == b) return Commensurable{left.value, right.value};
  const Unit* from = find_unit(a);
  const Unit* to = find_unit(b);
  if (!from || !to || from->dimension != to->dimension) return std::nullopt;
  const bool left_larger = compare(from->factor, to->factor) >= 0;
  const bool move_left = left_larger == (unit == In::smaller);
  const Decimal& source = move_left ? from->factor : to->factor;
  const Decimal& target = move_left ? to->factor : from->factor;
  const auto factor = divide(source, target);
  const auto moved = factor ? multiply(move_left ? left.value : right.value, *factor) : std::nullopt;
  if (!moved) return std::nullopt;
  return move_left ? Commensurable{*moved, right.value} : Commensurable{left.value, *moved};
}

bool calendar_mix(const Quantity& left, const Quantity& right) {
  const auto is_pair = [](std::string_view word, std::string_view code) {
    return (word == "year" && code == "a") || (word == "month" && code == "mo");
  };
  const auto a = code_of(left), b = code_of(right);
  return left.calendar != right.calendar && (left.calendar ? is_pair(a, b) : is_pair(b, a));
}

std::string to_text(const Quantity& value) {
  return value.calendar ? fmt::format("{} {}", to_text(value.value), value.unit)
                        : fmt::format("{} '{}'", to_text(value.value), value.unit);
}

std::optional<Quantity> parse_quantity(std::string_view text) {
  const auto space = text.find(' ');
  const auto value = parse_decimal(text.substr(0, space));
  if (!value) return std::nullopt;
  Quantity quantity{*value, "1", false};
  if (space == text.npos) return quantity;
  std::string_view unit = text.substr(space + 1);
  if (unit.size() > 2 && unit.front() == '\'' && unit.back() == '\'') {
    quantity.unit = unit.substr(1, unit.size() - 2);
    return quantity;
  }
  if (!calendar_unit(unit)) return std::nullopt;
  quantity.unit = unit;
  quantity.calendar = true;
  return quantity;
}

}  // namespace ward::fhir::path
