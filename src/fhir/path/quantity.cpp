#include "path/quantity.hpp"

#include "path/decimal.hpp"
#include "path/temporal.hpp"
#include "ucum.hpp"

namespace ward::fhir::path {
namespace {

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

/// value * up / down, exactly where that is possible.
std::optional<Decimal> scaled(const Decimal& value, const Decimal& up, const Decimal& down) {
  const auto product = multiply(value, up);
  if (product && compare(down, {1, 0}) == 0) return product;
  return product ? divide(*product, down) : std::nullopt;
}

std::optional<Decimal> kelvin(const Decimal& value, const UcumUnit& unit) {
  const auto shifted = unit.scale == UcumUnit::Scale::fahrenheit ? add(value, {45967, 2})
                       : unit.scale == UcumUnit::Scale::celsius  ? add(value, {27315, 2})
                                                                 : std::optional(value);
  return shifted ? scaled(*shifted, unit.up, unit.down) : std::nullopt;
}

/// Of one dimension; a zero that stands for too many digits has no use.
std::optional<Commensurable> in_one_unit(const Decimal& left, const UcumUnit& from, const Decimal& right,
                                         const UcumUnit& to, In unit) {
  if (from.scale != UcumUnit::Scale::ratio || to.scale != UcumUnit::Scale::ratio) {
    const auto a = kelvin(left, from), b = kelvin(right, to);
    return a && b ? std::optional(Commensurable{*a, *b}) : std::nullopt;
  }
  const auto up = multiply(from.up, to.down), down = multiply(from.down, to.up);
  if (!up || !down || up->digits == 0 || down->digits == 0) return std::nullopt;
  const bool move_left = (compare(*up, *down) >= 0) == (unit == In::smaller);
  const auto moved = move_left ? scaled(left, *up, *down) : scaled(right, *down, *up);
  if (!moved) return std::nullopt;
  return move_left ? Commensurable{*moved, right} : Commensurable{left, *moved};
}

std::optional<UcumUnit> unit_of(std::string_view code) {
  // Years and months of the calendar are no UCUM units, and twelve of one are one of the other.
  UcumUnit unit;
  unit.arbitrary.emplace_back("month", 1);
  if (code == "month") return unit;
  if (code == "year") unit.up = {12, 0};
  return code == "year" ? std::optional(unit) : parse_ucum(code);
}

}  // namespace

std::optional<Commensurable> same_unit(const Quantity& left, const Quantity& right, In unit) {
  const auto a = code_of(left), b = code_of(right);
  if (a == b) return Commensurable{left.value, right.value};
  const auto from = unit_of(a), to = unit_of(b);
  if (!from || !to || !commensurable(*from, *to)) return std::nullopt;
  return in_one_unit(left.value, *from, right.value, *to, unit);
}

std::optional<Quantity> converted(const Quantity& value, std::string_view code) {
  Quantity target{{1, 0}, std::string(code), calendar_unit(code).has_value()};
  if (code_of(value) == code_of(target)) return Quantity{value.value, target.unit, target.calendar};
  const auto from = unit_of(code_of(value)), to = unit_of(code_of(target));
  if (!from || !to || !commensurable(*from, *to)) return std::nullopt;
  if (from->scale != UcumUnit::Scale::ratio || to->scale != UcumUnit::Scale::ratio) return std::nullopt;
  const auto up = multiply(from->up, to->down), down = multiply(from->down, to->up);
  const auto moved = up && down ? scaled(value.value, *up, *down) : std::nullopt;
  return moved ? std::optional(Quantity{*moved, target.unit, target.calendar}) : std::nullopt;
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
