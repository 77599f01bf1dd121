#include "path/functions.hpp"

namespace ward::fhir::path {

const Function* find_function(std::string_view name) {
  static const auto table = [] {
    std::unordered_map<std::string_view, const Function*> all;
    for (const auto group : {collection_functions(), conversion_functions(), string_functions(), math_functions(),
                             utility_functions(), boundary_functions()}) {
      for (const Function& function : group) all.emplace(function.name, &function);
    }
    return all;
  }();
  const auto found = table.find(name);
  return found == table.end() ? nullptr : found->second;
}

PathItems text_result(Evaluator& in, std::string text) {
  if (text.size() > in.context().limits.text_max) return in.limit_error("text too long");
  in.within({}, text.size() / 256);
  return {make(std::move(text))};
}

std::optional<std::string> single_text(Evaluator& in, const PathItems& items, std::string_view function) {
  const PathItem* item = in.single(items, function);
  if (!item || in.failed()) return std::nullopt;
  Computed value = value_of(*item);
  if (auto* text = std::get_if<std::string>(&value)) return std::move(*text);
  in.type_error(fmt::format("{} needs a string", function));
  return std::nullopt;
}

std::optional<std::int64_t> single_integer(Evaluator& in, const PathItems& items, std::string_view function) {
  const PathItem* item = in.single(items, function);
  if (!item || in.failed()) return std::nullopt;
  const Computed value = value_of(*item);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  in.type_error(fmt::format("{} needs an integer", function));
  return std::nullopt;
}

}  // namespace ward::fhir::path
