#include "path/decimal.hpp"
#include "path/functions.hpp"

#include <cmath>

namespace ward::fhir::path {
namespace {

using Items = PathItems;

struct Number {
  Decimal value;
  bool whole;
  std::optional<Quantity> quantity;
};

std::optional<Number> number(Evaluator& in, const Items& items, std::string_view function) {
  const PathItem* item = in.single(items, function);
  if (!item || in.failed()) return std::nullopt;
  const Computed value = value_of(*item);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return Number{from_integer(*whole), true, {}};
  if (const auto* decimal = std::get_if<Decimal>(&value)) return Number{*decimal, false, {}};
  if (const auto* quantity = std::get_if<Quantity>(&value)) return Number{quantity->value, false, *quantity};
  in.type_error(fmt::format("{} needs a number", function));
  return std::nullopt;
}

Items whole_or_nothing(const Decimal& value) {
  const auto whole = to_integer(value);
  return whole ? Items{make(*whole)} : Items();
}

Items maybe(const std::optional<Decimal>& value) { return value ? Items{make(*value)} : Items(); }

Items abs(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const auto value = number(in, focus, call.text);
  if (!value) return {};
  const Decimal size{value->value.digits < 0 ? -value->value.digits : value->value.digits, value->value.scale};
  if (value->quantity) return {make(Quantity{size, value->quantity->unit, value->quantity->calendar})};
  return value->whole ? whole_or_nothing(size) : Items{make(size)};
}

template <Decimal (*cut)(const Decimal&)>
Items cut_to_whole(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const auto value = number(in, focus, call.text);
  return value ? whole_or_nothing(cut(value->value)) : Items();
}

Items round(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto value = number(in, focus, call.text);
  const auto places = call.children.empty() ? std::optional<std::int64_t>(0)
                                            : single_integer(in, in.argument(call, 0, scope), call.text);
  if (!value || !places) return {};
  if (*places < 0 || *places > 30) return in.type_error("round() needs 0 to 30 places");
  return {make(round_to(value->value, static_cast<int>(*places)))};
}

template <double (*function)(double)>
Items by_double(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const auto value = number(in, focus, call.text);
  return value ? maybe(from_double(function(to_double(value->value)))) : Items();
}

Items log(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto value = number(in, focus, call.text);
  const auto base = number(in, in.argument(call, 0, scope), call.text);
  if (!value || !base) return {};
  return maybe(from_double(std::log(to_double(value->value)) / std::log(to_double(base->value))));
}

Items power(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto value = number(in, focus, call.text);
  const auto exponent = number(in, in.argument(call, 0, scope), call.text);
  if (!value || !exponent) return {};
  const auto result = from_double(std::pow(to_double(value->value), to_double(exponent->value)));
  if (!result) return {};
  return value->whole && exponent->whole && result->scale == 0 ? whole_or_nothing(*result) : Items{make(*result)};
}

constexpr Function table[] = {
    {"abs", 0, 0, abs},
    {"ceiling", 0, 0, cut_to_whole<ceiling>},
    {"floor", 0, 0, cut_to_whole<floor>},
    {"truncate", 0, 0, cut_to_whole<truncate>},
    {"round", 0, 1, round},
    {"exp", 0, 0, by_double<std::exp>},
    {"ln", 0, 0, by_double<std::log>},
    {"sqrt", 0, 0, by_double<std::sqrt>},
    {"log", 1, 1, log},
    {"power", 1, 1, power},
};

}  // namespace

std::span<const Function> math_functions() { return table; }

}  // namespace ward::fhir::path
