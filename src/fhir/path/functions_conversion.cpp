#include "path/compare.hpp"
#include "path/decimal.hpp"
#include "path/functions.hpp"
#include "path/quantity.hpp"
#include "path/temporal.hpp"

#include "base/encoding.hpp"

namespace ward::fhir::path {
namespace {

using Items = PathItems;
using Conversion = std::optional<Computed> (*)(const Computed& value);

std::optional<Computed> to_boolean(const Computed& value) {
  if (std::holds_alternative<bool>(value)) return value;
  if (const auto* whole = std::get_if<std::int64_t>(&value))
    return *whole == 1 || *whole == 0 ? std::optional<Computed>(*whole == 1) : std::nullopt;
  if (const auto* decimal = std::get_if<Decimal>(&value)) {
    const auto whole = to_integer(*decimal);
    return whole ? to_boolean(*whole) : std::nullopt;
  }
  const auto* text = std::get_if<std::string>(&value);
  if (!text) return std::nullopt;
  const std::string lower = ascii_lower(*text);
  for (const std::string_view yes : {"true", "t", "yes", "y", "1", "1.0"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"false", "f", "no", "n", "0", "0.0"}) {
    if (lower == no) return false;
  }
  return std::nullopt;
}

std::optional<Computed> to_whole(const Computed& value) {
  if (std::holds_alternative<std::int64_t>(value)) return value;
  if (const bool* flag = std::get_if<bool>(&value)) return std::int64_t{*flag ? 1 : 0};
  const auto* text = std::get_if<std::string>(&value);
  if (!text || text->find_first_of(".eE") != text->npos) return std::nullopt;
  const auto decimal = parse_decimal(*text);
  const auto whole = decimal ? to_integer(*decimal) : std::nullopt;
  return whole ? std::optional<Computed>(*whole) : std::nullopt;
}

std::optional<Computed> to_decimal(const Computed& value) {
  if (std::holds_alternative<Decimal>(value)) return value;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return from_integer(*whole);
  if (const bool* flag = std::get_if<bool>(&value)) return from_integer(*flag ? 1 : 0);
  const auto* text = std::get_if<std::string>(&value);
  const auto decimal = text && text->find_first_of("eE") == text->npos ? parse_decimal(*text) : std::nullopt;
  return decimal ? std::optional<Computed>(*decimal) : std::nullopt;
}

std::optional<Computed> to_string(const Computed& value) {
  auto text = convert_to_text(value);
  return text ? std::optional<Computed>(std::move(*text)) : std::nullopt;
}

std::optional<Computed> to_date(const Computed& value) {
  if (const auto* temporal = std::get_if<Temporal>(&value)) {
    if (temporal->kind == Temporal::time) return std::nullopt;
    Temporal date = *temporal;
    date.kind = Temporal::date;
    date.precision = std::min(date.precision, Temporal::day);
    date.hours = date.minutes = date.seconds = date.milliseconds = 0;
    date.offset_minutes.reset();
    return date;
  }
  const auto* text = std::get_if<std::string>(&value);
  const auto date = text ? parse_temporal(*text, Temporal::date) : std::nullopt;
  return date ? std::optional<Computed>(*date) : std::nullopt;
}

std::optional<Computed> to_date_time(const Computed& value) {
  if (const auto* temporal = std::get_if<Temporal>(&value)) {
    if (temporal->kind == Temporal::time) return std::nullopt;
    Temporal moment = *temporal;
    moment.kind = Temporal::date_time;
    return moment;
  }
  const auto* text = std::get_if<std::string>(&value);
  const auto moment = text ? parse_temporal(*text, Temporal::date_time) : std::nullopt;
  return moment ? std::optional<Computed>(*moment) : std::nullopt;
}

std::optional<Computed> to_time(const Computed& value) {
  if (const auto* temporal = std::get_if<Temporal>(&value))
    return temporal->kind == Temporal::time ? std::optional(value) : std::nullopt;
  const auto* text = std::get_if<std::string>(&value);
  const auto time = text ? parse_temporal(*text, Temporal::time) : std::nullopt;
  return time ? std::optional<Computed>(*time) : std::nullopt;
}

std::optional<Computed> to_quantity(const Computed& value) {
  if (std::holds_alternative<Quantity>(value)) return value;
  if (const auto* text = std::get_if<std::string>(&value)) {
    auto quantity = parse_quantity(*text);
    return quantity ? std::optional<Computed>(std::move(*quantity)) : std::nullopt;
  }
  const auto number = to_decimal(value);
  return number ? std::optional<Computed>(Quantity{std::get<Decimal>(*number), "1", false}) : std::nullopt;
}

template <Conversion convert>
Items converted(Evaluator& in, const Items& focus, const Node&, const Scope&) {
  const PathItem* item = in.single(focus, "conversion");
  if (!item || in.failed()) return {};
  auto value = convert(value_of(*item));
  return value ? Items{make(std::move(*value))} : Items();
}

template <Conversion convert>
Items converts(Evaluator& in, const Items& focus, const Node&, const Scope&) {
  const PathItem* item = in.single(focus, "conversion");
  if (!item || in.failed()) return {};
  return {make(convert(value_of(*item)).has_value())};
}

/// toQuantity and convertsToQuantity, with the unit that is wanted.
std::optional<Quantity> quantity_in(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const PathItem* item = in.single(focus, call.text);
  if (!item || in.failed()) return std::nullopt;
  const auto value = to_quantity(value_of(*item));
  if (!value || call.children.empty()) return value ? std::optional(std::get<Quantity>(*value)) : std::nullopt;
  const auto unit = single_text(in, in.argument(call, 0, scope), call.text);
  return unit ? path::converted(std::get<Quantity>(*value), *unit) : std::nullopt;
}

Items quantity(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto value = quantity_in(in, focus, call, scope);
  return value ? Items{make(*value)} : Items();
}

Items converts_to_quantity(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  if (focus.empty()) return {};
  const auto value = quantity_in(in, focus, call, scope);
  return in.failed() ? Items() : Items{make(value.has_value())};
}

Items iif(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const PathItem* item = in.single(focus, "iif()");
  if (in.failed()) return {};
  // Behind a dot, $this is the focus; at the start of a path the focus is $this already.
  const Scope inner{item ? &focus : scope.self, scope.index, scope.total};
  const Items criterion = in.apart(call.children[0], *inner.self, inner);
  const PathItem* one = in.single(criterion, "iif()");
  const Computed value = one ? value_of(*one) : Computed(false);
  const bool* flag = std::get_if<bool>(&value);
  if (!in.failed() && !flag) return in.type_error("iif() needs a boolean");
  if (in.failed()) return {};
  const std::size_t branch = *flag ? 1 : 2;
  return branch < call.children.size() ? in.apart(call.children[branch], *inner.self, inner) : Items();
}

constexpr Function table[] = {
    {"iif", 2, 3, iif},
    {"toBoolean", 0, 0, converted<to_boolean>},
    {"convertsToBoolean", 0, 0, converts<to_boolean>},
    {"toInteger", 0, 0, converted<to_whole>},
    {"convertsToInteger", 0, 0, converts<to_whole>},
    {"toDecimal", 0, 0, converted<to_decimal>},
    {"convertsToDecimal", 0, 0, converts<to_decimal>},
    {"toString", 0, 0, converted<to_string>},
    {"convertsToString", 0, 0, converts<to_string>},
    {"toDate", 0, 0, converted<to_date>},
    {"convertsToDate", 0, 0, converts<to_date>},
    {"toDateTime", 0, 0, converted<to_date_time>},
    {"convertsToDateTime", 0, 0, converts<to_date_time>},
    {"toTime", 0, 0, converted<to_time>},
    {"convertsToTime", 0, 0, converts<to_time>},
    {"toQuantity", 0, 1, quantity},
    {"convertsToQuantity", 0, 1, converts_to_quantity},
    {"toLong", 0, 0, converted<to_whole>},
    {"convertsToLong", 0, 0, converts<to_whole>},
};

}  // namespace

std::optional<std::string> convert_to_text(const Computed& value) {
  struct Text {
    std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
    std::optional<std::string> operator()(bool flag) const { return flag ? "true" : "false"; }
    std::optional<std::string> operator()(std::int64_t whole) const { return std::to_string(whole); }
    std::optional<std::string> operator()(const Decimal& decimal) const { return to_text(decimal); }
    std::optional<std::string> operator()(const std::string& text) const { return text; }
    std::optional<std::string> operator()(const Temporal& temporal) const { return to_text(temporal); }
    std::optional<std::string> operator()(const Quantity& quantity) const { return to_text(quantity); }
    std::optional<std::string> operator()(const TypeName&) const { return std::nullopt; }
  };
  return std::visit(Text{}, value);
}

std::span<const Function> conversion_functions() { return table; }

}  // namespace ward::fhir::path
