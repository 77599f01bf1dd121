// Strict mode (N1, "Type safety and strict evaluation"): paths against the published types, before any resource is
// seen.
#include "path/functions.hpp"
#include "path/types.hpp"

#include <algorithm>

namespace ward::fhir {
namespace path {
namespace {

/// What a part of an expression may give: some of these types, in an order or in none.
struct Shape {
  std::vector<const r4::Definition*> types;
  bool any = false;  // nothing is known: nothing is refused
  bool ordered = true;
};

Shape anything(bool ordered = true) { return {{}, true, ordered}; }

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

class Checker {
 public:
  Shape shape(const Node& node, const Shape& focus, const Shape& self) {
    if (error_) return anything();
    switch (node.kind) {
      case Node::name:
        return node.leading && node.text[0] >= 'A' && node.text[0] <= 'Z' ? named_type(node, focus)
                                                                          : member(node.text, focus);
      case Node::self:
        return self;
      case Node::dot:
        return shape(node.children[1], shape(node.children[0], focus, self), self);
      case Node::at: {
        Shape left = shape(node.children[0], focus, self);
        shape(node.children[1], self, self);
        return in_order(std::move(left));
      }
      case Node::type_test:
        shape(node.children[0], focus, self);
        return node.op == Op::as ? typed(node.text) : anything();
      case Node::call:
        return call(node, focus, self);
      default:
        for (const Node& child : node.children) shape(child, focus, self);
        return anything();
    }
  }
  std::optional<Error>& error() { return error_; }

 private:
  Shape wrong(std::string_view message) {
    if (!error_) error_.emplace("path_type", std::string(message));
    return anything();
  }

  Shape in_order(Shape left) { return left.ordered ? left : wrong("a position in what has no order"); }

  Shape typed(std::string_view name) {
    const r4::Definition* definition = r4::find_definition(name);
    return definition ? Shape{{definition}} : anything();
  }

  Shape named_type(const Node& node, const Shape& focus) {
    if (focus.any || is_one_of(node.text, {"Resource", "DomainResource"})) return focus;
    for (const r4::Definition* type : focus.types) {
      if (type->name == node.text) return Shape{{type}};
    }
    return wrong("the path begins with another type");
  }

  Shape member(std::string_view name, const Shape& focus) {
    if (focus.any) return anything(focus.ordered);
    Shape out{{}, false, focus.ordered};
    bool found = false;
    for (const r4::Definition* type : focus.types) {
      for (const r4::Element& element : type->elements) {
        if (element.name != name) continue;
        found = true;
        for (const r4::ElementType& of : element.types) {
          out.any = out.any || !of.definition;
          if (of.definition) out.types.push_back(of.definition);
        }
      }
    }
    return found ? out : wrong("the type has no such element");
  }

  Shape call(const Node& node, const Shape& focus, const Shape& self) {
    const std::string_view name = node.function->name;
    if (node.function->takes_type) return is_one_of(name, {"as", "ofType"}) ? typed(node.text) : anything();
    const bool by_item = is_one_of(name, {"where", "exists", "all", "select", "repeat", "repeatAll", "aggregate",
                                          "sort", "trace", "iif", "defineVariable"});
    Shape last;
    for (const Node& child : node.children) last = by_item ? shape(child, focus, focus) : shape(child, self, self);
    if (is_one_of(name, {"children", "descendants"})) return anything(false);
    if (is_one_of(name, {"first", "last", "tail", "skip", "take"})) return in_order(focus);
    if (is_one_of(name, {"where", "single", "distinct", "trace", "exclude", "intersect", "defineVariable"}))
      return focus;
    if (name == "sort") return {focus.types, focus.any, true};
    if (is_one_of(name, {"select", "repeat", "repeatAll"})) return last;
    return anything();
  }

  std::optional<Error> error_;
};

}  // namespace
}  // namespace path

Result<void> PathExpression::check(std::string_view type) const {
  path::Checker checker;
  const r4::Definition* definition = r4::find_definition(type);
  const path::Shape focus = definition ? path::Shape{{definition}} : path::anything();
  checker.shape(*root_, focus, focus);
  if (checker.error()) return std::unexpected(std::move(*checker.error()));
  return {};
}

}  // namespace ward::fhir
