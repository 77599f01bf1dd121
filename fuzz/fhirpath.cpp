// FHIRPath from outside: the first line is an expression, the rest a resource.
#include "path.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(bytes), size);
  const auto line = input.find('\n');
  const auto expression = ward::fhir::PathExpression::compile(std::string_view(input).substr(0, line));
  if (!expression) return 0;
  const std::string source = line == input.npos ? "{}" : input.substr(line + 1);
  const auto document = ward::json::Document::parse(source);
  if (!document) return 0;
  ward::fhir::PathContext context;
  context.resource = document->root();
  context.limits = {.steps_max = 20'000, .items_max = 2'000, .text_max = 1 << 16};
  const auto items = expression->evaluate(context);
  if (!items) return 0;
  for (const auto& item : *items) (void)ward::fhir::path_text(item);
  (void)expression->test(context);
  return 0;
}
