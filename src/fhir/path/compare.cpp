#include "path/compare.hpp"

#include "path/decimal.hpp"
#include "path/quantity.hpp"
#include "path/temporal.hpp"

#include "base/encoding.hpp"

namespace ward::fhir::path {
namespace {

bool is_complex(const PathItem& item) { return !item.type.empty() && (item.value.is_object() || !item.value); }

std::optional<Decimal> number(const Computed& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return from_integer(*whole);
  if (const auto* decimal = std::get_if<Decimal>(&value)) return *decimal;
  return std::nullopt;
}

std::optional<Quantity> quantity(const Computed& value) {
  if (const auto* own = std::get_if<Quantity>(&value)) return *own;
  if (const auto plain = number(value)) return Quantity{*plain, "1", false};
  return std::nullopt;
}

bool same_json(json::Value a, json::Value b) {
  if (a.raw() == b.raw()) return true;
  if (a.type() != b.type() || a.size() != b.size()) return false;
  switch (a.type()) {
    case json::Type::number: {
      const auto x = parse_decimal(a.raw()), y = parse_decimal(b.raw());
      return x && y && compare(*x, *y) == 0;
    }
    case json::Type::string:
      return a.text() == b.text();
    case json::Type::array: {
      json::Value y = b.first();
      for (json::Value x = a.first(); x; x = x.next(), y = y.next()) {
        if (!same_json(x, y)) return false;
      }
      return true;
    }
    case json::Type::object: {
      for (json::Value x = a.first(); x; x = x.next()) {
        const json::Value y = b[x.name()];
        if (!y || !same_json(x, y)) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

std::optional<bool> equal_values(const Computed& left, const Computed& right) {
  if (const auto a = number(left), b = number(right); a && b) return compare(*a, *b) == 0;
  if (std::holds_alternative<Quantity>(left) || std::holds_alternative<Quantity>(right)) {
    const auto a = quantity(left), b = quantity(right);
    if (!a || !b) return false;
    if (calendar_mix(*a, *b)) return std::nullopt;
    const auto pair = same_unit(*a, *b);
    return pair && compare(pair->left, pair->right) == 0;
  }
  if (left.index() != right.index()) return false;
  if (const auto* a = std::get_if<Temporal>(&left)) {
    const auto& b = std::get<Temporal>(right);
    if ((a->kind == Temporal::time) != (b.kind == Temporal::time)) return false;
    const auto order = compare(*a, b);
    return order ? std::optional(*order == 0) : std::nullopt;
  }
  if (const auto* a = std::get_if<std::string>(&left)) return *a == std::get<std::string>(right);
  if (const auto* a = std::get_if<bool>(&left)) return *a == std::get<bool>(right);
  if (const auto* a = std::get_if<TypeName>(&left))
    return a->space == std::get<TypeName>(right).space && a->name == std::get<TypeName>(right).name;
  return false;
}

std::string loose(std::string_view text) {
  std::string out;
  for (const char c : ascii_lower(text)) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank)
      out.push_back(c);
    else if (!out.empty() && out.back() != ' ')
      out.push_back(' ');
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

bool near(const Decimal& a, const Decimal& b) {
  const int places = std::min(normalise(a).scale, normalise(b).scale);
  return compare(round_to(a, places), round_to(b, places)) == 0;
}

bool equivalent_items(const PathItem& left, const PathItem& right) {
  if (is_complex(left) && is_complex(right)) return left.value && right.value && same_json(left.value, right.value);
  const Computed a = value_of(left), b = value_of(right);
  if (const auto x = number(a), y = number(b); x && y) return near(*x, *y);
  if (std::holds_alternative<Quantity>(a) || std::holds_alternative<Quantity>(b)) {
    const auto x = quantity(a), y = quantity(b);
    if (!x || !y) return false;
    if (calendar_mix(*x, *y)) return near(x->value, y->value);
    const auto pair = same_unit(*x, *y, In::larger);
    return pair && near(pair->left, pair->right);
  }
  if (const auto* x = std::get_if<std::string>(&a)) {
    const auto* y = std::get_if<std::string>(&b);
    return y && loose(*x) == loose(*y);
  }
  if (const auto* x = std::get_if<Temporal>(&a)) {
    const auto* y = std::get_if<Temporal>(&b);
    return y && equivalent(*x, *y);
  }
  return equal_values(a, b).value_or(false);
}

}  // namespace

std::optional<bool> equal(const PathItem& left, const PathItem& right) {
  if (is_complex(left) && is_complex(right)) return left.value && right.value && same_json(left.value, right.value);
  return equal_values(value_of(left), value_of(right));
}

std::optional<bool> equal(Evaluator& in, const PathItems& left, const PathItems& right) {
  if (left.empty() || right.empty() || !in.within(left)) return std::nullopt;
  if (left.size() != right.size()) return false;
  bool unknown = false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto same = equal(left[i], right[i]);
    if (same && !*same) return false;
    unknown = unknown || !same;
  }
  return unknown ? std::nullopt : std::optional(true);
}

bool equivalent(Evaluator& in, const PathItems& left, const PathItems& right) {
  if (left.size() != right.size()) return false;
  std::vector<bool> used(right.size());
  for (const PathItem& item : left) {
    if (!in.within(right)) return false;
    std::size_t i = 0;
    while (i < right.size() && (used[i] || !equivalent_items(item, right[i]))) ++i;
    if (i == right.size()) return false;
    used[i] = true;
  }
  return true;
}

std::optional<int> order(const Computed& left, const Computed& right, bool& fits) {
  fits = true;
  if (const auto a = number(left), b = number(right); a && b) return compare(*a, *b);
  if (std::holds_alternative<Quantity>(left) || std::holds_alternative<Quantity>(right)) {
    const auto a = quantity(left), b = quantity(right);
    fits = a && b;
    const auto pair = fits ? same_unit(*a, *b) : std::nullopt;
    return pair ? std::optional(compare(pair->left, pair->right)) : std::nullopt;
  }
  fits = left.index() == right.index();
  if (!fits) return std::nullopt;
  if (const auto* a = std::get_if<std::string>(&left)) {
    const int sign = a->compare(std::get<std::string>(right));
    return sign < 0 ? -1 : sign > 0 ? 1 : 0;
  }
  if (const auto* a = std::get_if<Temporal>(&left)) {
    const auto& b = std::get<Temporal>(right);
    fits = (a->kind == Temporal::time) == (b.kind == Temporal::time);
    return fits ? compare(*a, b) : std::nullopt;
  }
  fits = false;
  return std::nullopt;
}

PathItems ordered(Evaluator& in, Op op, const PathItems& left, const PathItems& right) {
  const PathItem* a = in.single(left, "comparison");
  const PathItem* b = in.single(right, "comparison");
  if (!a || !b || in.failed()) return {};
  bool fits = true;
  const auto sign = order(value_of(*a), value_of(*b), fits);
  if (!fits) return in.type_error("these types have no order");
  if (!sign) return {};
  const bool holds = op == Op::less         ? *sign < 0
                     : op == Op::less_equal ? *sign <= 0
                     : op == Op::greater    ? *sign > 0
                                            : *sign >= 0;
  return {make(holds)};
}

bool contains(const PathItems& items, const PathItem& item) {
  return std::ranges::any_of(items, [&](const PathItem& other) { return equal(other, item).value_or(false); });
}

PathItems member_of(Evaluator& in, const PathItems& item, const PathItems& collection) {
  const PathItem* one = in.single(item, "in");
  if (!one || !in.within(collection)) return {};
  return {make(contains(collection, *one))};
}

PathItems distinct(Evaluator& in, const PathItems& items) {
  PathItems out;
  for (const PathItem& item : items) {
    if (!in.within(out)) return {};
    if (!contains(out, item)) out.push_back(item);
  }
  return out;
}

PathItems unite(Evaluator& in, const PathItems& left, const PathItems& right) {
  PathItems both = left;
  both.insert(both.end(), right.begin(), right.end());
  return distinct(in, both);
}

}  // namespace ward::fhir::path
