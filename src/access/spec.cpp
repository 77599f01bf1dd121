#include "spec.hpp"

#include <algorithm>

namespace ward::access::detail {
namespace {

Spec leaf(Treatment treatment) {
  Spec spec;
  spec.self = treatment;
  return spec;
}

bool same(const Spec& a, const Spec& b);

bool same_cases(const Spec& a, const Spec& b) {
  return a.narrowing == b.narrowing && std::ranges::equal(a.cases, b.cases, [](const Case& x, const Case& y) {
           return x.when == y.when && same(x.then, y.then);
         });
}

bool same(const Spec& a, const Spec& b) {
  return a.self == b.self && same_cases(a, b) && std::ranges::equal(a.alternatives, b.alternatives, same) &&
         std::ranges::equal(a.children, b.children, [](const auto& x, const auto& y) {
           return x.first == y.first && same(x.second, y.second);
         });
}

template <class Combine, class Pick>
Spec by_child(const Spec& a, const Spec& b, Combine combine, Pick pick) {
  Spec out = leaf(pick(a.self, b.self));
  out.named = a.named || b.named;
  out.choice = a.choice;
  for (const Spec* side : {&a, &b}) {
    for (const auto& [name, spec] : side->children) {
      if (out.children.contains(name)) continue;
      Spec child = combine(a.child(name, spec.choice), b.child(name, spec.choice));
      child.choice = spec.choice;
      out.children.emplace(name, std::move(child));
    }
  }
  return out;
}

}  // namespace

bool Spec::keeps_all() const { return self == Treatment::keep && plain(); }

Spec Spec::child(std::string_view name, std::string_view choice_name) const {
  if (const auto found = children.find(name); found != children.end()) return found->second;
  if (!choice_name.empty()) {
    if (const auto found = children.find(choice_name); found != children.end()) return found->second;
  }
  Spec rest = leaf(self);
  // A treatment is of one primitive; below it there is nothing to inherit.
  if (self != Treatment::keep) rest.self = Treatment::drop;
  return rest;
}

void put(Spec& root, const Path& path, Treatment treatment, bool narrowing) {
  Spec* at = &root;
  for (const PathStep& step : path.steps) {
    auto found = at->children.find(step.name);
    if (found == at->children.end()) {
      Spec fresh = at->child(step.name, step.choice);
      fresh.choice = step.choice;
      fresh.named = false;
      found = at->children.emplace(step.name, std::move(fresh)).first;
    }
    at = &found->second;
    if (!step.condition) continue;
    at->narrowing = narrowing;
    auto known = std::ranges::find_if(at->cases, [&](const Case& one) { return one.when == *step.condition; });
    if (known == at->cases.end()) {
      Spec then = *at;
      then.cases.clear();
      then.narrowing = false;
      at->cases.push_back({*step.condition, std::move(then)});
      known = std::prev(at->cases.end());
    }
    at = &known->then;
  }
  at->self = treatment;
  at->named = treatment == Treatment::keep;
  at->children.clear();
  at->cases.clear();
}

void put(Spec& root, const std::vector<std::string>& field, Treatment treatment) {
  Spec* at = &root;
  for (const std::string& name : field) at = &at->children.try_emplace(name, leaf(at->self)).first->second;
  at->self = treatment;
  at->children.clear();
}

Spec join(const Spec& a, const Spec& b) {
  if (a.keeps_all() || b.keeps_all()) {
    Spec out = leaf(Treatment::keep);
    out.named = a.named || b.named;
    return out;
  }
  if (same(a, b)) return a;
  const bool conditional = !a.cases.empty() || !b.cases.empty() || !a.alternatives.empty() || !b.alternatives.empty();
  if (!conditional) return by_child(a, b, join, [](Treatment x, Treatment y) { return std::max(x, y); });
  if (a.plain() && a.self == Treatment::drop) return b;
  if (b.plain() && b.self == Treatment::drop) return a;
  Spec out = leaf(Treatment::drop);
  for (const Spec* side : {&a, &b}) {
    if (side->alternatives.empty()) out.alternatives.push_back(*side);
    out.alternatives.insert(out.alternatives.end(), side->alternatives.begin(), side->alternatives.end());
  }
  return out;
}

Spec meet(const Spec& a, const Spec& b) {
  if (a.keeps_all()) return b;
  if (b.keeps_all() || same(a, b)) return a;
  const bool conditional = !a.cases.empty() || !b.cases.empty() || !a.alternatives.empty() || !b.alternatives.empty();
  if (conditional)
    return leaf(Treatment::drop);  // not both can be kept in one pass; nothing is lost that must be shown
  Spec out = by_child(a, b, meet, [](Treatment x, Treatment y) { return std::min(x, y); });
  out.named = a.named && b.named;
  return out;
}

}  // namespace ward::access::detail
