#include "path/evaluator.hpp"

#include "path/compare.hpp"
#include "path/functions.hpp"
#include "path/types.hpp"

namespace ward::fhir::path {

PathItems Evaluator::evaluate(const Node& node, const PathItems& focus, const Scope& scope) {
  if (failed() || !within(focus)) return {};
  switch (node.kind) {
    case Node::nothing:
      return {};
    case Node::literal:
      return {make(node.value)};
    case Node::name:
      return names(node, focus);
    case Node::self:
      return *scope.self;
    case Node::index:
      return {make(scope.index)};
    case Node::total:
      return scope.total ? *scope.total : PathItems();
    case Node::variable:
      return variable(node);
    case Node::call:
      return node.function->run(*this, focus, node, scope);
    case Node::dot: {
      const PathItems left = evaluate(node.children[0], focus, scope);
      return failed() ? PathItems() : evaluate(node.children[1], left, scope);
    }
    case Node::at:
      return position(node, focus, scope);
    case Node::unary: {
      const PathItems operand = apart(node.children[0], focus, scope);
      return failed() ? PathItems() : signed_value(*this, node.op, operand);
    }
    case Node::binary:
      return binary(node, focus, scope);
    case Node::type_test:
      return type_test(node, focus, scope);
  }
  return {};
}

PathItems Evaluator::for_item(const Node& criteria, const PathItem& item, std::int64_t index, const PathItems* total) {
  const PathItems self{item};
  const Scope scope{&self, index, total};
  return apart(criteria, self, scope);
}

const PathItem* Evaluator::single(const PathItems& items, std::string_view what) {
  if (items.size() > 1) type_error(fmt::format("{}: one item expected, got several", what));
  return items.size() == 1 ? &items[0] : nullptr;
}

std::optional<bool> Evaluator::truth(const PathItems& items) {
  const PathItem* item = single(items, "boolean");
  if (!item) return std::nullopt;
  const Computed value = value_of(*item);
  const bool* flag = std::get_if<bool>(&value);
  return flag ? *flag : true;
}

PathItems Evaluator::type_error(std::string_view message) {
  if (!error_) error_.emplace("path_type", std::string(message));
  return {};
}

PathItems Evaluator::limit_error(std::string_view message) {
  if (!error_) error_.emplace("path_limit", std::string(message));
  return {};
}

bool Evaluator::within(const PathItems& items, std::size_t work) {
  steps_ += work + items.size();
  if (items.size() > context_.limits.items_max) limit_error("collection too large");
  if (steps_ > context_.limits.steps_max) limit_error("too many steps");
  return !failed();
}

PathItems Evaluator::names(const Node& node, const PathItems& focus) {
  PathItems out;
  const bool maybe_type = node.leading && !node.text.empty() && node.text[0] >= 'A' && node.text[0] <= 'Z';
  for (const PathItem& item : focus) {
    if (maybe_type && item.definition && is_a(item, "FHIR", node.text, true))
      out.push_back(item);
    else
      append_children(item, node.text, out);
  }
  return out;
}

namespace {

constexpr std::size_t variables_max = 64;  // known at one place

bool is_standard(std::string_view name) {
  static constexpr std::string_view names[] = {"resource", "context", "rootResource", "ucum", "sct", "loinc"};
  return std::ranges::find(names, name) != std::end(names) || name.starts_with("vs-") || name.starts_with("ext-");
}

}  // namespace

bool Evaluator::define(std::string name, PathItems value) {
  if (is_standard(name) ||
      std::ranges::find(variables_, name, &decltype(variables_)::value_type::first) != variables_.end()) {
    type_error("a variable of this name is defined already");
    return false;
  }
  if (variables_.size() == variables_max) {
    limit_error("too many variables");
    return false;
  }
  variables_.emplace_back(std::move(name), std::move(value));
  return within(variables_.back().second);
}

PathItems Evaluator::variable(const Node& node) {
  const std::string& name = node.text;
  for (const auto& [known, value] : variables_) {
    if (known == name) return value;
  }
  if (name == "resource" || name == "context" || name == "rootResource")
    return {resource_item(context_.resource, context_.resource_type)};
  if (name == "ucum") return {make(std::string("http://unitsofmeasure.org"))};
  if (name == "sct") return {make(std::string("http://snomed.info/sct"))};
  if (name == "loinc") return {make(std::string("http://loinc.org"))};
  if (name.starts_with("vs-")) return {make("http://hl7.org/fhir/ValueSet/" + name.substr(3))};
  if (name.starts_with("ext-")) return {make("http://hl7.org/fhir/StructureDefinition/" + name.substr(4))};
  return type_error("unknown variable");
}

PathItems Evaluator::binary(const Node& node, const PathItems& focus, const Scope& scope) {
  if (node.op >= Op::conjunction && node.op <= Op::implies) return logical(node, focus, scope);
  const PathItems left = apart(node.children[0], focus, scope);
  const PathItems right = apart(node.children[1], focus, scope);
  if (failed()) return {};
  switch (node.op) {
    case Op::unite:
      return unite(*this, left, right);
    case Op::equal:
    case Op::not_equal: {
      const auto same = equal(*this, left, right);
      return same ? PathItems{make(*same == (node.op == Op::equal))} : PathItems();
    }
    case Op::equivalent:
      return {make(equivalent(*this, left, right))};
    case Op::not_equivalent:
      return {make(!equivalent(*this, left, right))};
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return ordered(*this, node.op, left, right);
    case Op::in:
      return member_of(*this, left, right);
    case Op::contains:
      return member_of(*this, right, left);
    default:
      return arithmetic(*this, node.op, left, right);
  }
}

/// Three-valued logic (N1 6.5); the right side only where it can matter.
PathItems Evaluator::logical(const Node& node, const PathItems& focus, const Scope& scope) {
  const auto left = truth(apart(node.children[0], focus, scope));
  if (failed()) return {};
  if (left && ((node.op == Op::conjunction && !*left) || (node.op == Op::disjunction && *left))) return {make(*left)};
  if (node.op == Op::implies && left && !*left) return {make(true)};
  const auto right = truth(apart(node.children[1], focus, scope));
  if (failed()) return {};
  switch (node.op) {
    case Op::conjunction:
      if (right && !*right) return {make(false)};
      return left && right ? PathItems{make(true)} : PathItems();
    case Op::disjunction:
      if (right && *right) return {make(true)};
      return left && right ? PathItems{make(false)} : PathItems();
    case Op::exclusive:
      return left && right ? PathItems{make(*left != *right)} : PathItems();
    default:  // implies, with left true or unknown
      if (right && *right) return {make(true)};
      return left && right ? PathItems{make(false)} : PathItems();
  }
}

PathItems Evaluator::position(const Node& node, const PathItems& focus, const Scope& scope) {
  const PathItems left = evaluate(node.children[0], focus, scope);
  const PathItems where = apart(node.children[1], *scope.self, scope);
  const PathItem* item = single(where, "index");
  if (failed() || !item) return {};
  const Computed value = value_of(*item);
  const auto* index = std::get_if<std::int64_t>(&value);
  if (!index) return type_error("index must be an integer");
  if (*index < 0 || static_cast<std::size_t>(*index) >= left.size()) return {};
  return {left[static_cast<std::size_t>(*index)]};
}

PathItems Evaluator::type_test(const Node& node, const PathItems& focus, const Scope& scope) {
  const PathItems left = evaluate(node.children[0], focus, scope);
  if (failed()) return {};
  if (node.op == Op::as) return filter_type(left, node.type_space, node.text);
  const PathItem* item = single(left, "is");
  return item ? PathItems{make(is_a(*item, node.type_space, node.text, true))} : PathItems();
}

PathItems filter_type(const PathItems& items, std::string_view space, std::string_view name) {
  PathItems out;
  for (const PathItem& item : items) {
    const bool resource = item.definition && item.definition->kind == r4::Kind::resource;
    if (is_a(item, space, name, resource)) out.push_back(item);
  }
  return out;
}

}  // namespace ward::fhir::path
