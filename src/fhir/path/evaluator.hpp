// Walks a compiled tree over a collection. The first error sticks; what follows it is empty and quick.
#pragma once

#include "path/element.hpp"
#include "path/node.hpp"

namespace ward::fhir::path {

/// What $this, $index and $total mean where a node is evaluated.
struct Scope {
  const PathItems* self;
  std::int64_t index = 0;
  const PathItems* total = nullptr;
};

class Evaluator {
 public:
  explicit Evaluator(const PathContext& context) : context_(context) {}

  /// `focus` is what stands left of the dot; for the start of a path, scope.self.
  PathItems evaluate(const Node& node, const PathItems& focus, const Scope& scope);
  /// An argument that is a plain value, evaluated where the call stands.
  PathItems argument(const Node& call, std::size_t index, const Scope& scope) {
    return apart(call.children[index], *scope.self, scope);
  }
  /// Evaluates a part of an expression whose variables end with it (defineVariable).
  PathItems apart(const Node& node, const PathItems& focus, const Scope& scope) {
    const std::size_t known = variables_.size();
    PathItems items = evaluate(node, focus, scope);
    variables_.resize(known);
    return items;
  }
  /// Makes %name known to what stands behind in the same path. False, with the error set, if it is known already.
  bool define(std::string name, PathItems value);
  /// An argument evaluated for one item of the focus (where, select ...).
  PathItems for_item(const Node& criteria, const PathItem& item, std::int64_t index, const PathItems* total = nullptr);

  /// At most one item, or an error.
  const PathItem* single(const PathItems& items, std::string_view what);
  /// A boolean in the sense of FHIRPath's singleton evaluation: a single item that is no boolean is true.
  std::optional<bool> truth(const PathItems& items);

  PathItems type_error(std::string_view message);
  PathItems limit_error(std::string_view message);
  bool failed() const { return error_.has_value(); }
  std::optional<Error>& error() { return error_; }
  const PathContext& context() const { return context_; }
  /// False, with the error set, if a collection or the work done has grown too large.
  bool within(const PathItems& items, std::size_t work = 1);

 private:
  PathItems names(const Node& node, const PathItems& focus);
  PathItems variable(const Node& node);
  PathItems binary(const Node& node, const PathItems& focus, const Scope& scope);
  PathItems logical(const Node& node, const PathItems& focus, const Scope& scope);
  PathItems position(const Node& node, const PathItems& focus, const Scope& scope);
  PathItems type_test(const Node& node, const PathItems& focus, const Scope& scope);

  const PathContext& context_;
  std::optional<Error> error_;
  std::size_t steps_ = 0;
  std::vector<std::pair<std::string, PathItems>> variables_;
};

/// The items of a type, by `as` and ofType: exactly that type; resources also by their base type.
PathItems filter_type(const PathItems& items, std::string_view space, std::string_view name);

}  // namespace ward::fhir::path
