#include "path/compare.hpp"
#include "path/decimal.hpp"
#include "path/functions.hpp"
#include "path/quantity.hpp"
#include "path/temporal.hpp"

namespace ward::fhir::path {
namespace {

PathItems maybe(const std::optional<Decimal>& value) { return value ? PathItems{make(*value)} : PathItems(); }

PathItems integers(Op op, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  switch (op) {
    case Op::add:
      return __builtin_add_overflow(a, b, &result) ? PathItems() : PathItems{make(result)};
    case Op::subtract:
      return __builtin_sub_overflow(a, b, &result) ? PathItems() : PathItems{make(result)};
    case Op::multiply:
      return __builtin_mul_overflow(a, b, &result) ? PathItems() : PathItems{make(result)};
    case Op::divide:
      return maybe(divide(from_integer(a), from_integer(b)));
    case Op::div:
      return b == 0 || (a == INT64_MIN && b == -1) ? PathItems() : PathItems{make(a / b)};
    case Op::mod:
      return b == 0 || b == -1 ? (b == 0 ? PathItems() : PathItems{make(std::int64_t{0})}) : PathItems{make(a % b)};
    default:
      return {};
  }
}

std::optional<Decimal> decimal_of(const Computed& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return from_integer(*whole);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return *decimal;
  return std::nullopt;
}

PathItems decimals(Op op, const Decimal& a, const Decimal& b) {
  switch (op) {
    case Op::add:
      return maybe(add(a, b));
    case Op::subtract:
      return maybe(subtract(a, b));
    case Op::multiply:
      return maybe(multiply(a, b));
    case Op::divide:
      return maybe(divide(a, b));
    case Op::div: {
      const auto whole = divide_whole(a, b);
      const auto integer = whole ? to_integer(*whole) : std::nullopt;
      return integer ? PathItems{make(*integer)} : PathItems();
    }
    case Op::mod: {
      const auto whole = divide_whole(a, b);
      const auto product = whole ? multiply(*whole, b) : std::nullopt;
      return product ? maybe(subtract(a, *product)) : PathItems();
    }
    default:
      return {};
  }
}

PathItems quantities(Evaluator& in, Op op, const Quantity& a, const Quantity& b) {
  if (op == Op::multiply || op == Op::divide) {
    const auto value = op == Op::multiply ? multiply(a.value, b.value) : divide(a.value, b.value);
    if (!value) return {};
    if (b.unit == "1") return {make(Quantity{*value, a.unit, a.calendar})};
    if (op == Op::multiply && a.unit == "1") return {make(Quantity{*value, b.unit, b.calendar})};
    if (op == Op::divide) {
      if (a.unit == b.unit) return {make(Quantity{*value, "1", false})};
      const bool compound = b.unit.find_first_of("./") != b.unit.npos;
      return {make(Quantity{*value, a.unit + (compound ? "/(" + b.unit + ")" : "/" + b.unit), false})};
    }
    return {make(Quantity{*value, a.unit + "." + b.unit, false})};
  }
  if (op != Op::add && op != Op::subtract) return in.type_error("no such operation on quantities");
  const auto pair = same_unit(a, b);
  if (!pair) return {};
  const auto value = op == Op::add ? add(pair->left, pair->right) : subtract(pair->left, pair->right);
  const bool left_unit = compare(pair->left, a.value) == 0;
  return value ? PathItems{make(Quantity{*value, left_unit ? a.unit : b.unit, left_unit ? a.calendar : b.calendar})}
               : PathItems();
}

std::optional<CalendarUnit> time_unit(const Quantity& quantity) {
  if (quantity.calendar) return calendar_unit(quantity.unit);
  using enum CalendarUnit;
  // A UCUM year or month is a number of days, and not what a calendar means: these are refused (N1 6.6.7).
  static constexpr std::pair<std::string_view, CalendarUnit> codes[] = {
      {"wk", week}, {"d", day}, {"h", hour}, {"min", minute}, {"s", second}, {"ms", millisecond}};
  for (const auto& [code, unit] : codes) {
    if (quantity.unit == code) return unit;
  }
  return std::nullopt;
}

PathItems move_time(Evaluator& in, Op op, const Temporal& time, const Quantity& by) {
  const auto unit = time_unit(by);
  if (!unit || (op != Op::add && op != Op::subtract))
    return in.type_error("only a time-valued quantity can be added to a date or time");
  const auto amount = to_integer(truncate(by.value));
  if (!amount || *amount == INT64_MIN) return {};
  const auto moved = add(time, op == Op::add ? *amount : -*amount, *unit);
  return moved ? PathItems{make(*moved)} : PathItems();
}

PathItems concatenate(Evaluator& in, const PathItem* left, const PathItem* right) {
  std::string out;
  for (const PathItem* item : {left, right}) {
    if (!item) continue;
    const Computed value = value_of(*item);
    const auto* text = std::get_if<std::string>(&value);
    if (!text) return in.type_error("& needs strings");
    out += *text;
  }
  return text_result(in, std::move(out));
}

}  // namespace

PathItems arithmetic(Evaluator& in, Op op, const PathItems& left, const PathItems& right) {
  const PathItem* a = in.single(left, "operator");
  const PathItem* b = in.single(right, "operator");
  if (in.failed()) return {};
  if (op == Op::concatenate) return concatenate(in, a, b);
  if (!a || !b) return {};
  const Computed x = value_of(*a), y = value_of(*b);
  const auto* whole_x = std::get_if<std::int64_t>(&x);
  const auto* whole_y = std::get_if<std::int64_t>(&y);
  if (whole_x && whole_y) return integers(op, *whole_x, *whole_y);
  const auto number_x = decimal_of(x), number_y = decimal_of(y);
  if (number_x && number_y) return decimals(op, *number_x, *number_y);
  const auto* text_x = std::get_if<std::string>(&x);
  const auto* text_y = std::get_if<std::string>(&y);
  if (text_x && text_y && op == Op::add) return text_result(in, *text_x + *text_y);
  const auto* quantity_x = std::get_if<Quantity>(&x);
  const auto* quantity_y = std::get_if<Quantity>(&y);
  const auto* time = std::get_if<Temporal>(&x);
  if (time && quantity_y) return move_time(in, op, *time, *quantity_y);
  if (quantity_x && quantity_y) return quantities(in, op, *quantity_x, *quantity_y);
  if (quantity_x && number_y) return quantities(in, op, *quantity_x, {*number_y, "1", false});
  if (number_x && quantity_y) return quantities(in, op, {*number_x, "1", false}, *quantity_y);
  return in.type_error("these types cannot be combined by this operator");
}

PathItems signed_value(Evaluator& in, Op op, const PathItems& operand) {
  const PathItem* item = in.single(operand, "sign");
  if (!item || in.failed()) return {};
  Computed value = value_of(*item);
  const bool negative = op == Op::negate;
  if (auto* whole = std::get_if<std::int64_t>(&value)) {
    if (*whole == INT64_MIN) return {};
    return {make(negative ? -*whole : *whole)};
  }
  if (auto* decimal = std::get_if<Decimal>(&value)) {
    if (negative) decimal->digits = -decimal->digits;
    return {make(*decimal)};
  }
  if (auto* quantity = std::get_if<Quantity>(&value)) {
    if (negative) quantity->value.digits = -quantity->value.digits;
    return {make(*quantity)};
  }
  return in.type_error("a sign needs a number");
}

}  // namespace ward::fhir::path
