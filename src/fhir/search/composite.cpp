#include "search/composite.hpp"

#include "r4/search.hpp"
#include "search/pairs.hpp"
#include "search/values.hpp"

namespace ward::fhir::search {
namespace {

using List = std::vector<store::Condition>;

std::unexpected<Problem> problem(std::string_view code, std::string what) {
  return std::unexpected(Problem{code, std::move(what)});
}

store::Condition part_of(const r4::CompositePart& part) {
  store::Condition condition;
  condition.param = part.code;
  condition.anywhere = part.anywhere;
  return condition;
}

/// All parts have a value, in one element.
List present(const r4::Composite& composite) {
  List list;
  for (const r4::CompositePart& part : composite.parts) {
    list.push_back(part_of(part));
    list.back().missing = false;
  }
  return list;
}

std::expected<List, Problem> read_list(std::string_view type, const r4::Composite& composite, std::string_view text,
                                       const SearchOptions& options) {
  const auto texts = split_unescaped(text, '$');
  if (texts.size() != composite.parts.size())
    return problem("invalid", fmt::format("a value of parameter {} has not {} parts, divided by $", composite.code,
                                          composite.parts.size()));
  List list;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const r4::CompositePart& part = composite.parts[i];
    auto match = texts[i].empty() ? problem("invalid", fmt::format("parameter {} has an empty part", composite.code))
                                  : read_values(r4::find_param(type, part.code), part.code, {}, texts[i], options);
    if (!match) return std::unexpected(std::move(match.error()));
    list.push_back(part_of(part));
    list.back().any_of = std::move(*match);
  }
  return list;
}

}  // namespace

std::expected<store::Condition, Problem> read_composite(std::string_view type, std::string_view code,
                                                        std::string_view modifier, std::string_view value,
                                                        const SearchOptions& options, std::vector<UsedParam>& used) {
  const r4::Composite* composite = r4::find_composite(type, code);
  if (!composite) return problem("not-supported", fmt::format("parameter {} is not supported yet", code));
  if (!modifier.empty() && modifier != "missing")
    return problem("invalid", fmt::format("parameter {} has no modifier :{}", code, shown(modifier)));
  for (const r4::CompositePart& part : composite->parts)
    used.push_back({r4::find_param(type, part.code), std::string(part.code), {}, false});
  store::Condition condition;
  condition.param = code;
  if (modifier == "missing") {
    if (value != "true" && value != "false")
      return problem("invalid", fmt::format("parameter {}:missing needs true or false", code));
    condition.negate = value == "true";
    condition.together.push_back(present(*composite));
    return condition;
  }
  const auto texts = split_unescaped(value, ',');
  if (texts.size() > search_values_max)
    return problem("too-costly", fmt::format("parameter {} has more than {} values", code, search_values_max));
  for (const std::string_view text : texts) {
    auto list = read_list(type, *composite, text, options);
    if (!list) return std::unexpected(std::move(list.error()));
    condition.together.push_back(std::move(*list));
  }
  return condition;
}

}  // namespace ward::fhir::search
