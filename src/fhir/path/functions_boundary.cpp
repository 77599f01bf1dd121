// lowBoundary, highBoundary, precision and comparable: functions of FHIRPath's continuous build that invariants use.
#include "path/decimal.hpp"
#include "path/functions.hpp"
#include "path/quantity.hpp"
#include "path/temporal.hpp"

namespace ward::fhir::path {
namespace {

using Items = PathItems;

constexpr std::int64_t decimal_places_max = 31;

/// Digits of the text form, by which FHIRPath counts the precision of dates and times.
constexpr int date_digits[] = {0, 4, 6, 8, 10, 12, 14, 17};
constexpr int time_digits[] = {0, 0, 0, 0, 2, 4, 6, 9};

std::span<const int> digits_of(const Temporal& value) {
  return value.kind == Temporal::time ? time_digits : date_digits;
}

/// Half a unit of the last place below or above, to `places` places.
std::optional<Decimal> decimal_boundary(const Decimal& value, bool high, int places) {
  const Decimal half{5, value.scale + 1};
  const auto edge = high ? add(value, half) : subtract(value, half);
  if (!edge) return std::nullopt;
  if (edge->scale <= places) {
    // Zeros up to the precision asked for.
    return add(*edge, {0, places});
  }
  if (high) return round_to(*edge, places);
  Decimal cut = round_to(*edge, places);
  if (compare(cut, *edge) > 0) --cut.digits;
  return cut;
}

std::optional<Temporal> temporal_boundary(Temporal value, bool high, int digits) {
  const auto table = digits_of(value);
  const auto found = std::ranges::find(table, digits);
  if (digits == 0 || found == table.end()) return std::nullopt;
  const auto wanted = static_cast<Temporal::Precision>(found - table.begin());
  if (value.kind == Temporal::date && wanted > Temporal::day) return std::nullopt;
  const auto known = value.precision;
  if (known < Temporal::month) value.months = high ? 12 : 1;
  if (known < Temporal::day && value.kind != Temporal::time) {
    using namespace std::chrono;
    const auto last_day = (year(value.years) / month(static_cast<unsigned>(value.months)) / last).day();
    value.days = high ? static_cast<int>(static_cast<unsigned>(last_day)) : 1;
  }
  if (known < Temporal::hour) value.hours = high ? 23 : 0;
  if (known < Temporal::minute) value.minutes = high ? 59 : 0;
  if (known < Temporal::second) value.seconds = high ? 59 : 0;
  if (known < Temporal::millisecond) value.milliseconds = high ? 999 : 0;
  value.precision = wanted;
  // The zones furthest from UTC bound a time that does not say its own.
  if (value.kind == Temporal::date_time && !value.offset_minutes && wanted > Temporal::day)
    value.offset_minutes = high ? -12 * 60 : 14 * 60;
  return value;
}

template <bool high>
Items boundary(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const PathItem* item = in.single(focus, call.text);
  if (!item || in.failed()) return {};
  std::optional<std::int64_t> asked;
  if (!call.children.empty()) {
    asked = single_integer(in, in.argument(call, 0, scope), call.text);
    if (!asked) return {};
  }
  const Computed value = value_of(*item);
  if (const auto* temporal = std::get_if<Temporal>(&value)) {
    const std::int64_t most = temporal->kind == Temporal::date ? 8 : temporal->kind == Temporal::time ? 9 : 17;
    const std::int64_t digits = asked.value_or(most);
    const auto edge =
        digits > 0 && digits <= 17 ? temporal_boundary(*temporal, high, static_cast<int>(digits)) : std::nullopt;
    return edge ? Items{make(*edge)} : Items();
  }
  const std::int64_t places = asked.value_or(8);
  if (places < 0 || places > decimal_places_max) return {};
  const auto edge_of = [&](const Decimal& number) { return decimal_boundary(number, high, static_cast<int>(places)); };
  if (const auto* quantity = std::get_if<Quantity>(&value)) {
    const auto edge = edge_of(quantity->value);
    return edge ? Items{make(Quantity{*edge, quantity->unit, quantity->calendar})} : Items();
  }
  std::optional<Decimal> number;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) number = from_integer(*whole);
  if (const auto* decimal = std::get_if<Decimal>(&value)) number = *decimal;
  if (!number) return in.type_error("a number, date or time has boundaries, nothing else");
  const auto edge = edge_of(*number);
  return edge ? Items{make(*edge)} : Items();
}

Items precision(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const PathItem* item = in.single(focus, call.text);
  if (!item || in.failed()) return {};
  const Computed value = value_of(*item);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return {make(std::int64_t{decimal->scale})};
  if (std::holds_alternative<std::int64_t>(value)) return {make(std::int64_t{0})};
  if (const auto* temporal = std::get_if<Temporal>(&value))
    return {make(std::int64_t{digits_of(*temporal)[temporal->precision]})};
  return in.type_error("precision() needs a number, date or time");
}

Items comparable(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const Items argument = in.argument(call, 0, scope);
  const PathItem* left = in.single(focus, call.text);
  const PathItem* right = in.single(argument, call.text);
  if (!left || !right || in.failed()) return {};
  const Computed a = value_of(*left), b = value_of(*right);
  const auto* x = std::get_if<Quantity>(&a);
  const auto* y = std::get_if<Quantity>(&b);
  if (!x || !y) return in.type_error("comparable() needs quantities");
  return {make(same_unit(*x, *y).has_value())};
}

constexpr Function table[] = {
    {"lowBoundary", 0, 1, boundary<false>},
    {"highBoundary", 0, 1, boundary<true>},
    {"precision", 0, 0, precision},
    {"comparable", 1, 1, comparable},
};

}  // namespace

std::span<const Function> boundary_functions() { return table; }

}  // namespace ward::fhir::path
