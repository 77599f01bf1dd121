#include "search/values.hpp"

#include "index.hpp"

#include <charconv>
#include <cmath>

namespace ward::fhir::search {
namespace {

using store::Compare;

constexpr std::size_t text_bytes_max = 1024;  // index/rows.cpp keeps no more of a string

std::unexpected<Reason> wrong(Reason reason) { return std::unexpected(reason); }

/// "ge2020" to the comparison and what follows it.
Compare take_prefix(std::string_view& text) {
  static constexpr std::pair<std::string_view, Compare> prefixes[] = {
      {"eq", Compare::eq}, {"ne", Compare::ne}, {"lt", Compare::lt}, {"gt", Compare::gt}, {"le", Compare::le},
      {"ge", Compare::ge}, {"sa", Compare::sa}, {"eb", Compare::eb}, {"ap", Compare::ap}};
  for (const auto& [prefix, compare] : prefixes) {
    if (!text.starts_with(prefix)) continue;
    text.remove_prefix(2);
    return compare;
  }
  return Compare::eq;
}

struct Number {
  double value;
  double half_unit;  // half of the last digit's place
};

/// JSON's numbers, a plus sign and leading zeros allowed.
std::optional<Number> read_number(std::string_view text) {
  if (text.empty() || text.size() > 40) return std::nullopt;
  const auto e = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, e);
  int exponent = 0;
  if (e != text.npos) {
    std::string_view digits = text.substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error != std::errc() || end != digits.data() + digits.size() || std::abs(exponent) > 300) return std::nullopt;
  }
  const auto first = mantissa.find_first_not_of("+-");
  if (first == mantissa.npos || first > 1) return std::nullopt;
  const std::string_view unsigned_part = mantissa.substr(first);
  const auto point = unsigned_part.find('.');
  const bool digits_only =
      std::ranges::all_of(unsigned_part, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  if (!digits_only || point == 0 || unsigned_part.ends_with('.') ||
      unsigned_part.find('.', point == unsigned_part.npos ? point : point + 1) != unsigned_part.npos)
    return std::nullopt;
  const int places = point == unsigned_part.npos ? 0 : static_cast<int>(unsigned_part.size() - point - 1);
  std::string_view plain = text;
  if (plain.starts_with('+')) plain.remove_prefix(1);
  Number number{0, 0.5 * std::pow(10.0, exponent - places)};
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), number.value);
  if (error != std::errc() || end != plain.data() + plain.size() || !std::isfinite(number.value)) return std::nullopt;
  return number;
}

struct Interval {
  double low, high;
};

/// R4 3.1.1.4.8: with a comparison the precision does not count. The store widens `ap`.
Interval interval_of(Compare compare, const Number& number) {
  const bool precise = compare != Compare::eq && compare != Compare::ne && compare != Compare::ap;
  if (precise) return {number.value, number.value};
  return {number.value - number.half_unit, number.value + number.half_unit};
}

}  // namespace

std::optional<double> decimal_of(std::string_view text) {
  const auto number = read_number(text);
  return number ? std::optional(number->value) : std::nullopt;
}

std::string_view only_target(const r4::SearchParam& param) {
  if (param.targets.size() == 1) return param.targets[0];
  constexpr std::string_view mark = ".where(resolve() is ";
  const auto at = param.expression.rfind(mark);
  if (at == param.expression.npos || param.expression.find('|') != param.expression.npos ||
      !param.expression.ends_with(')'))
    return {};
  std::string_view type = param.expression.substr(at + mark.size());
  type.remove_suffix(1);
  return r4::is_resource_type(type) ? type : std::string_view();
}

std::vector<std::string_view> split_unescaped(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == separator) {
      parts.push_back(text.substr(start, i - start));
      start = i + 1;
    }
  }
  parts.push_back(text.substr(start));
  return parts;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      if (i == text.size() || std::string_view(",|$\\").find(text[i]) == std::string_view::npos) return std::nullopt;
    }
    out.push_back(text[i]);
  }
  return out;
}

Value<store::Match> token_value(std::string_view text) {
  const auto parts = split_unescaped(text, '|');
  if (parts.size() > 2) return wrong("more than one unescaped '|'");
  store::TokenIs token;
  const auto code = unescape(parts.back());
  const auto system = parts.size() == 2 ? unescape(parts[0]) : std::optional<std::string>("");
  if (!code || !system) return wrong("a bad escape");
  if (code->empty() && system->empty()) return wrong("neither system nor code");
  if (parts.size() == 2) token.system = *system;
  if (!code->empty()) token.code = *code;
  return token;
}

Value<store::Match> string_value(std::string_view text, std::string_view modifier) {
  auto plain = unescape(text);
  if (!plain) return wrong("a bad escape");
  if (plain->size() > text_bytes_max) return wrong("too long a value");
  if (modifier == "exact") return store::StringIs{store::StringIs::exact, std::move(*plain)};
  std::string folded = fold(*plain);
  if (folded.empty()) return wrong("no letter or digit");
  return store::StringIs{modifier == "contains" ? store::StringIs::contains : store::StringIs::prefix,
                         std::move(folded)};
}

Value<store::Match> date_value(std::string_view text, bool updated) {
  const Compare compare = take_prefix(text);
  const auto interval = time_interval(text);
  if (!interval) return wrong("not a date");
  if (updated) return store::UpdatedIs{compare, interval->low, interval->high};
  return store::DateIs{compare, interval->low, interval->high};
}

Value<store::Match> number_value(std::string_view text) {
  const Compare compare = take_prefix(text);
  const auto number = read_number(text);
  if (!number) return wrong("not a number");
  const auto [low, high] = interval_of(compare, *number);
  return store::NumberIs{compare, low, high};
}

Value<store::Match> quantity_value(std::string_view text) {
  const auto parts = split_unescaped(text, '|');
  if (parts.size() != 1 && parts.size() != 3) return wrong("not of the form number|system|code");
  std::string_view number_text = parts[0];
  const Compare compare = take_prefix(number_text);
  const auto number = read_number(number_text);
  if (!number) return wrong("not a number");
  const auto [low, high] = interval_of(compare, *number);
  store::QuantityIs quantity{compare, low, high, {}, {}};
  if (parts.size() == 1) return quantity;
  const auto system = unescape(parts[1]);
  const auto code = unescape(parts[2]);
  if (!system || !code) return wrong("a bad escape");
  if (!system->empty() && code->empty()) return wrong("a system without a code");
  if (!system->empty()) quantity.system = *system;
  quantity.code = *code;
  return quantity;
}

Value<store::Match> reference_value(std::string_view text, const ValueContext& context) {
  const auto plain = unescape(text);
  if (!plain) return wrong("a bad escape");
  if (plain->empty()) return wrong("an empty value");
  const bool typed = !context.modifier.empty();
  ReferenceParts parts = split_reference(*plain, context.options.own_bases);
  if (parts.local()) {
    if (typed && parts.type != context.modifier) return wrong("another type than the modifier's");
    return store::ReferenceIs{parts.type, parts.id, {}};
  }
  const auto id = id_value(text);
  if (id) {
    store::ReferenceIs reference{std::string(context.modifier), *plain, {}};
    if (!typed) reference.type = only_target(*context.param);
    return reference;
  }
  if (typed) return wrong("not an id");
  if (plain->find(':') == plain->npos) return wrong("neither an id, Type/id nor a URL");
  return store::ReferenceIs{{}, {}, *plain};
}

Value<store::Match> uri_value(std::string_view text, std::string_view modifier) {
  auto plain = unescape(text);
  if (!plain) return wrong("a bad escape");
  if (plain->empty()) return wrong("an empty value");
  return store::UriIs{std::move(*plain), modifier == "below", modifier == "above"};
}

Value<store::Match> id_value(std::string_view text) {
  const bool valid = !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (!valid) return wrong("not an id");
  return store::IdIs{std::string(text)};
}

}  // namespace ward::fhir::search
