#include "path.hpp"
#include "path/evaluator.hpp"
#include "path/functions.hpp"
#include "path/parser.hpp"

namespace ward::fhir {

Result<PathExpression> PathExpression::compile(std::string_view text) {
  auto tree = path::parse(text);
  if (!tree) return std::unexpected(tree.error());
  return PathExpression(std::make_shared<const path::Node>(std::move(*tree)));
}

Result<PathItems> PathExpression::evaluate(const PathContext& context) const {
  path::Evaluator evaluator(context);
  const PathItems focus{path::resource_item(context.resource, context.resource_type)};
  PathItems items = evaluator.evaluate(*root_, focus, {&focus});
  if (!evaluator.failed()) evaluator.within(items);
  if (evaluator.failed()) return std::unexpected(std::move(*evaluator.error()));
  return items;
}

Result<bool> PathExpression::test(const PathContext& context) const {
  auto items = evaluate(context);
  if (!items) return std::unexpected(items.error());
  path::Evaluator evaluator(context);
  const auto truth = evaluator.truth(*items);
  if (evaluator.failed()) return std::unexpected(std::move(*evaluator.error()));
  return truth.value_or(false);
}

std::optional<std::string> path_text(const PathItem& item) { return path::convert_to_text(path::value_of(item)); }

}  // namespace ward::fhir
