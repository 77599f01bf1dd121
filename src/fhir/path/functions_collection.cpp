#include "path/compare.hpp"
#include "path/functions.hpp"

namespace ward::fhir::path {
namespace {

using Items = PathItems;

Items empty(Evaluator&, const Items& focus, const Node&, const Scope&) { return {make(focus.empty())}; }

Items where(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  Items out;
  for (std::size_t i = 0; i < focus.size() && !in.failed(); ++i) {
    if (in.truth(in.for_item(call.children[0], focus[i], static_cast<std::int64_t>(i))).value_or(false))
      out.push_back(focus[i]);
  }
  return out;
}

Items exists(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  return {make(call.children.empty() ? !focus.empty() : !where(in, focus, call, scope).empty())};
}

Items all(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  return {make(where(in, focus, call, scope).size() == focus.size())};
}

/// allTrue, anyTrue, allFalse, anyFalse: whether all (or any) items equal `flag`.
template <bool all_of, bool flag>
Items flags(Evaluator& in, const Items& focus, const Node&, const Scope&) {
  bool result = all_of;
  for (const PathItem& item : focus) {
    const Computed value = value_of(item);
    const bool* own = std::get_if<bool>(&value);
    if (!own) return in.type_error("booleans expected");
    if constexpr (all_of)
      result = result && *own == flag;
    else
      result = result || *own == flag;
  }
  return {make(result)};
}

bool subset(Evaluator& in, const Items& part, const Items& whole) {
  return std::ranges::all_of(part, [&](const PathItem& item) { return in.within(whole) && contains(whole, item); });
}

Items subset_of(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  return {make(subset(in, focus, in.argument(call, 0, scope)))};
}

Items superset_of(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  return {make(subset(in, in.argument(call, 0, scope), focus))};
}

Items count(Evaluator&, const Items& focus, const Node&, const Scope&) {
  return {make(static_cast<std::int64_t>(focus.size()))};
}
Items distinct_items(Evaluator& in, const Items& focus, const Node&, const Scope&) { return distinct(in, focus); }
Items is_distinct(Evaluator& in, const Items& focus, const Node&, const Scope&) {
  return {make(distinct(in, focus).size() == focus.size())};
}

Items select(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  Items out;
  for (std::size_t i = 0; i < focus.size() && in.within(out); ++i) {
    Items found = in.for_item(call.children[0], focus[i], static_cast<std::int64_t>(i));
    std::ranges::move(found, std::back_inserter(out));
  }
  return out;
}

Items repeat(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  Items out;
  Items wave = focus;
  while (!wave.empty() && in.within(out)) {
    Items next;
    for (const PathItem& item : wave) {
      for (PathItem& found : in.for_item(call.children[0], item, 0)) {
        if (!in.within(out) || contains(out, found)) continue;
        out.push_back(found);
        next.push_back(std::move(found));
      }
    }
    wave = std::move(next);
  }
  return out;
}

/// Like repeat, but with duplicates: what an item gives again is followed again.
Items repeat_all(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  Items out;
  Items wave = focus;
  while (!wave.empty() && in.within(out)) {
    Items next;
    for (const PathItem& item : wave) {
      for (PathItem& found : in.for_item(call.children[0], item, 0)) {
        if (!in.within(next)) return {};
        out.push_back(found);
        next.push_back(std::move(found));
      }
    }
    wave = std::move(next);
  }
  return out;
}

/// The first argument that is not empty; the rest are not evaluated.
Items coalesce(Evaluator& in, const Items&, const Node& call, const Scope& scope) {
  for (std::size_t i = 0; i < call.children.size() && !in.failed(); ++i) {
    if (Items found = in.argument(call, i, scope); !found.empty()) return found;
  }
  return {};
}

/// %name for what follows; without an expression it is the focus.
Items define_variable(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  auto name = single_text(in, in.argument(call, 0, scope), "defineVariable()");
  if (in.failed()) return {};
  if (!name) return in.type_error("defineVariable() needs a name");
  const Scope inner{&focus, scope.index, scope.total};
  Items value = call.children.size() > 1 ? in.apart(call.children[1], focus, inner) : focus;
  if (in.failed() || !in.define(std::move(*name), std::move(value))) return {};
  return focus;
}

Items of_type(Evaluator&, const Items& focus, const Node& call, const Scope&) {
  return filter_type(focus, call.type_space, call.text);
}

Items single(Evaluator& in, const Items& focus, const Node&, const Scope&) {
  in.single(focus, "single()");
  return focus;
}

Items first(Evaluator&, const Items& focus, const Node&, const Scope&) {
  return focus.empty() ? Items() : Items{focus.front()};
}
Items last(Evaluator&, const Items& focus, const Node&, const Scope&) {
  return focus.empty() ? Items() : Items{focus.back()};
}
Items tail(Evaluator&, const Items& focus, const Node&, const Scope&) {
  return focus.empty() ? Items() : Items(focus.begin() + 1, focus.end());
}

Items skip(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto number = single_integer(in, in.argument(call, 0, scope), "skip()");
  if (!number || *number <= 0) return focus;
  if (static_cast<std::size_t>(*number) >= focus.size()) return {};
  return {focus.begin() + *number, focus.end()};
}

Items take(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto number = single_integer(in, in.argument(call, 0, scope), "take()");
  if (!number || *number <= 0) return {};
  return {focus.begin(), focus.begin() + std::min<std::int64_t>(*number, static_cast<std::int64_t>(focus.size()))};
}

/// intersect (`keep` true) and exclude.
template <bool keep>
Items filtered(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const Items other = in.argument(call, 0, scope);
  Items out;
  for (const PathItem& item : focus) {
    if (!in.within(other)) return {};
    if (contains(other, item) == keep && !(keep && contains(out, item))) out.push_back(item);
  }
  return out;
}

Items union_with(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  return unite(in, focus, in.argument(call, 0, scope));
}

Items combine(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  Items out = focus;
  Items other = in.argument(call, 0, scope);
  std::ranges::move(other, std::back_inserter(out));
  return out;
}

Items children(Evaluator&, const Items& focus, const Node&, const Scope&) {
  Items out;
  for (const PathItem& item : focus) append_all_children(item, out);
  return out;
}

Items descendants(Evaluator& in, const Items& focus, const Node&, const Scope&) {
  Items out;
  for (const PathItem& item : focus) append_all_children(item, out);
  for (std::size_t i = 0; i < out.size() && in.within({}); ++i) {
    const PathItem parent = out[i];
    append_all_children(parent, out);
  }
  in.within(out);
  return out;
}

Items aggregate(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  Items total = call.children.size() > 1 ? in.argument(call, 1, scope) : Items();
  for (std::size_t i = 0; i < focus.size() && !in.failed(); ++i)
    total = in.for_item(call.children[0], focus[i], static_cast<std::int64_t>(i), &total);
  return total;
}

struct SortKey {
  std::vector<std::optional<Computed>> values;
  std::size_t position;
};

int compare_keys(const SortKey& a, const SortKey& b, const std::vector<bool>& descending) {
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    bool fits = true;
    int sign = 0;
    if (a.values[i].has_value() != b.values[i].has_value()) return a.values[i] ? 1 : -1;  // empty ones first
    if (a.values[i]) sign = order(*a.values[i], *b.values[i], fits).value_or(0);
    if (!fits) sign = a.values[i]->index() < b.values[i]->index() ? -1 : 1;
    if (sign != 0) return descending[i] ? -sign : sign;
  }
  return a.position < b.position ? -1 : 1;
}

Items sort(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  std::vector<const Node*> criteria;
  std::vector<bool> descending;
  static const Node self{.kind = Node::self};
  for (const Node& child : call.children) {
    const bool minus = child.kind == Node::unary && child.op == Op::negate;
    criteria.push_back(minus ? &child.children[0] : &child);
    descending.push_back(minus || child.descending);
  }
  if (criteria.empty()) criteria.push_back(&self), descending.push_back(false);
  std::vector<SortKey> keys;
  for (std::size_t i = 0; i < focus.size() && !in.failed(); ++i) {
    SortKey key{{}, i};
    for (const Node* node : criteria) {
      const Items value = in.for_item(*node, focus[i], static_cast<std::int64_t>(i));
      const PathItem* one = in.single(value, "sort()");
      key.values.push_back(one ? std::optional(value_of(*one)) : std::nullopt);
    }
    keys.push_back(std::move(key));
  }
  if (in.failed() || !in.within(focus, focus.size() * 16)) return {};
  std::stable_sort(keys.begin(), keys.end(),
                   [&](const SortKey& a, const SortKey& b) { return compare_keys(a, b, descending) < 0; });
  Items out;
  for (const SortKey& key : keys) out.push_back(focus[key.position]);
  return out;
}

constexpr Function table[] = {
    {"empty", 0, 0, empty},
    {"exists", 0, 1, exists},
    {"all", 1, 1, all},
    {"allTrue", 0, 0, flags<true, true>},
    {"anyTrue", 0, 0, flags<false, true>},
    {"allFalse", 0, 0, flags<true, false>},
    {"anyFalse", 0, 0, flags<false, false>},
    {"subsetOf", 1, 1, subset_of},
    {"supersetOf", 1, 1, superset_of},
    {"count", 0, 0, count},
    {"distinct", 0, 0, distinct_items},
    {"isDistinct", 0, 0, is_distinct},
    {"where", 1, 1, where},
    {"select", 1, 1, select},
    {"repeat", 1, 1, repeat},
    {"repeatAll", 1, 1, repeat_all},
    {"coalesce", 1, 16, coalesce},
    {"defineVariable", 1, 2, define_variable},
    {"ofType", 1, 1, of_type, true},
    {"single", 0, 0, single},
    {"first", 0, 0, first},
    {"last", 0, 0, last},
    {"tail", 0, 0, tail},
    {"skip", 1, 1, skip},
    {"take", 1, 1, take},
    {"intersect", 1, 1, filtered<true>},
    {"exclude", 1, 1, filtered<false>},
    {"union", 1, 1, union_with},
    {"combine", 1, 1, combine},
    {"children", 0, 0, children},
    {"descendants", 0, 0, descendants},
    {"aggregate", 1, 2, aggregate},
    {"sort", 0, 8, sort},
};

}  // namespace

std::span<const Function> collection_functions() { return table; }

}  // namespace ward::fhir::path
