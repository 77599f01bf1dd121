// UCUM's grammar (UCUM 2.1, section 2, and its syntax in 5.3):
//   main: "/" term | term      term: component (("." | "/") component)*
//   component: atom [exponent] [annotation] | annotation | factor | "(" term ")"
#include "path/decimal.hpp"
#include "ucum.hpp"
#include "ucum/atoms.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace ward::fhir {
namespace {

using path::Decimal;
using path::Int128;

constexpr int depth_max = 16;
constexpr int exponent_max = 40;
constexpr int components_max = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Int128 greatest_common_divisor(Int128 a, Int128 b) {
  while (b != 0) a = std::exchange(b, a % b);
  return a < 0 ? -a : a;
}

/// Exact where 38 digits hold it, to 15 digits elsewhere.
Decimal times(const Decimal& a, const Decimal& b) {
  if (const auto exact = path::multiply(path::normalise(a), path::normalise(b)); exact && exact->scale <= 30)
    return path::normalise(*exact);
  return path::from_double(path::to_double(a) * path::to_double(b)).value_or(Decimal{0, 0});
}

/// What the quotient does not need: common factors, and decimal places of both.
void shorten(UcumUnit& unit) {
  unit.up = path::normalise(unit.up);
  unit.down = path::normalise(unit.down);
  const Int128 common = greatest_common_divisor(unit.up.digits, unit.down.digits);
  if (common > 1) {
    unit.up.digits /= common;
    unit.down.digits /= common;
  }
}

void scale_by(UcumUnit& unit, const Decimal& factor) {
  Decimal plain = path::normalise(factor);
  // 1e-24 as a divisor of 1e24 keeps its digits.
  if (plain.scale > 0) {
    Decimal divisor{1, 0};
    for (int i = 0; i < plain.scale; ++i) divisor = times(divisor, {10, 0});
    plain.scale = 0;
    unit.down = times(unit.down, divisor);
  }
  unit.up = times(unit.up, plain);
  shorten(unit);
}

UcumUnit::Scale merged(UcumUnit::Scale a, UcumUnit::Scale b) {
  return a == UcumUnit::Scale::ratio && b == UcumUnit::Scale::ratio ? a : UcumUnit::Scale::other;
}

void multiply_arbitrary(UcumUnit& unit, const UcumUnit& by, int sign) {
  for (const auto& [code, exponent] : by.arbitrary) {
    const auto at = std::ranges::lower_bound(unit.arbitrary, code, {}, &std::pair<std::string, int>::first);
    if (at != unit.arbitrary.end() && at->first == code) {
      at->second += sign * exponent;
      if (at->second == 0) unit.arbitrary.erase(at);
    } else {
      unit.arbitrary.emplace(at, code, sign * exponent);
    }
  }
}

void multiply(UcumUnit& unit, const UcumUnit& by, int sign) {
  unit.up = times(unit.up, sign > 0 ? by.up : by.down);
  unit.down = times(unit.down, sign > 0 ? by.down : by.up);
  shorten(unit);
  for (std::size_t i = 0; i < unit.dimensions.size(); ++i) unit.dimensions[i] += sign * by.dimensions[i];
  multiply_arbitrary(unit, by, sign);
  if (by.scale != UcumUnit::Scale::ratio) unit.scale = merged(unit.scale, by.scale);
}

class Parser {
 public:
  /// `names_only`: whether it is a unit, not how much it is.
  Parser(std::string_view text, int depth, bool names_only) : text_(text), depth_(depth), names_only_(names_only) {}

  std::optional<UcumUnit> run() {
    UcumUnit unit;
    const bool inverted = !text_.empty() && text_[0] == '/';
    if (inverted) ++at_;
    if (!term(unit, inverted ? -1 : 1) || at_ != text_.size()) return std::nullopt;
    // A code of one component keeps its scale: only "Cel" alone is a temperature.
    if (components_ == 1 && !inverted && alone_ != UcumUnit::Scale::ratio) unit.scale = alone_;
    return unit;
  }

 private:
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }

  bool term(UcumUnit& unit, int sign) {
    for (;;) {
      if (++components_ > components_max) return false;
      UcumUnit part;
      if (!component(part)) return false;
      if (!names_only_) multiply(unit, part, sign);
      if (!at('.') && !at('/')) return true;
      sign = text_[at_++] == '/' ? -1 : 1;
    }
  }

  bool component(UcumUnit& unit) {
    if (at('(')) {
      if (++depth_ > depth_max) return false;
      ++at_;
      if (!term(unit, 1) || !at(')')) return false;
      ++at_;
      --depth_;
      return !at('{') || annotation();
    }
    if (at('{')) return annotation();
    return simple(unit) && (!at('{') || annotation());
  }

  /// "{...}": printable ASCII without braces; says nothing about the unit.
  bool annotation() {
    const std::size_t end = text_.find_first_of("{}", at_ + 1);
    if (end == text_.npos || text_[end] != '}') return false;
    const std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    if (!std::ranges::all_of(inside, [](char c) { return c > ' ' && c <= '~'; })) return false;
    at_ = end + 1;
    return true;
  }

  /// The text of one symbol with its exponent. What stands in square brackets belongs to it whatever it is.
  std::string_view symbol() {
    const std::size_t begin = at_;
    bool inside = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c <= ' ' || c > '~') break;
      if (c == '[') inside = true;
      if (c == ']') inside = false;
      if (!inside && std::string_view("./(){").contains(c)) break;
    }
    return text_.substr(begin, at_ - begin);
  }

  bool simple(UcumUnit& unit) {
    std::string_view text = symbol();
    if (text.empty()) return false;
    if (std::ranges::all_of(text, is_digit)) {
      const auto factor = path::parse_decimal(text);
      if (!factor || factor->digits == 0 || text.size() > 20) return false;
      scale_by(unit, *factor);
      return true;
    }
    const bool ten = text.starts_with("10*") || text.starts_with("10^");
    const std::size_t digits_from = ten ? 3 : text.find_last_not_of("0123456789") + 1;
    std::size_t exponent_from = digits_from;
    if (!ten && exponent_from > 1 && exponent_from < text.size() &&
        (text[exponent_from - 1] == '-' || text[exponent_from - 1] == '+'))
      --exponent_from;
    const auto exponent = exponent_of(text.substr(exponent_from));
    return exponent && named(unit, text.substr(0, exponent_from), *exponent);
  }

  static std::optional<int> exponent_of(std::string_view text) {
    if (text.empty()) return 1;
    if (text[0] == '+') text.remove_prefix(1);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < -exponent_max || value > exponent_max)
      return std::nullopt;
    return value;
  }

  bool named(UcumUnit& unit, std::string_view name, int exponent) {
    const auto base = resolve(name);
    if (!base) return false;
    if (names_only_) return true;
    const bool has_scale = base->scale != UcumUnit::Scale::ratio;
    alone_ = has_scale && exponent != 1 ? UcumUnit::Scale::other : base->scale;
    for (int i = 0; i < std::abs(exponent); ++i) multiply(unit, *base, exponent > 0 ? 1 : -1);
    if (exponent == 0) unit = UcumUnit{};
    return true;
  }

  std::optional<UcumUnit> resolve(std::string_view name) {
    if (const auto* atom = ucum::find_atom(name)) return names_only_ ? UcumUnit{} : of_atom(*atom);
    for (const ucum::Prefix& prefix : ucum::prefixes()) {
      if (!name.starts_with(prefix.code)) continue;
      const auto* atom = ucum::find_atom(name.substr(prefix.code.size()));
      if (!atom || !atom->metric) continue;
      if (names_only_) return UcumUnit{};
      auto unit = of_atom(*atom);
      const auto factor = path::parse_decimal(prefix.value);
      if (!unit || !factor) return std::nullopt;
      scale_by(*unit, *factor);
      if (unit->scale == UcumUnit::Scale::celsius) unit->scale = UcumUnit::Scale::other;
      return unit;
    }
    return std::nullopt;
  }

  std::optional<UcumUnit> of_atom(const ucum::Atom& atom) {
    UcumUnit unit;
    switch (atom.kind) {
      case ucum::AtomKind::base:
        unit.dimensions[static_cast<std::size_t>(ucum::base_index(atom))] = 1;
        return unit;
      case ucum::AtomKind::arbitrary:
        // Two spellings of one unit (UCUM table 20).
        unit.arbitrary.emplace_back(atom.code == "[IU]" ? "[iU]" : atom.code, 1);
        return unit;
      case ucum::AtomKind::celsius:
      case ucum::AtomKind::fahrenheit:
        unit.dimensions[4] = 1;
        unit.scale = atom.kind == ucum::AtomKind::celsius ? UcumUnit::Scale::celsius : UcumUnit::Scale::fahrenheit;
        if (atom.kind == ucum::AtomKind::fahrenheit) unit.up = {5, 0}, unit.down = {9, 0};
        return unit;
      case ucum::AtomKind::other_scale:
        unit.arbitrary.emplace_back(atom.code, 1);
        unit.scale = UcumUnit::Scale::other;
        return unit;
      case ucum::AtomKind::defined:
        break;
    }
    if (depth_ + 1 > depth_max) return std::nullopt;
    auto defined = Parser(atom.unit, depth_ + 1, false).run();
    const auto value = path::parse_decimal(atom.value);
    if (!defined || !value) return std::nullopt;
    scale_by(*defined, *value);
    return defined;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_;
  bool names_only_;
  int components_ = 0;
  UcumUnit::Scale alone_ = UcumUnit::Scale::ratio;
};

}  // namespace

std::optional<UcumUnit> parse_ucum(std::string_view code) {
  if (code.empty() || code.size() > ucum_bytes_max) return std::nullopt;
  return Parser(code, 0, false).run();
}

bool is_ucum(std::string_view code) {
  return !code.empty() && code.size() <= ucum_bytes_max && Parser(code, 0, true).run().has_value();
}

bool commensurable(const UcumUnit& a, const UcumUnit& b) {
  if (a.dimensions != b.dimensions || a.arbitrary != b.arbitrary) return false;
  return a.scale != UcumUnit::Scale::other && b.scale != UcumUnit::Scale::other;
}

}  // namespace ward::fhir
