#include "search/include_value.hpp"

#include "search/pairs.hpp"

#include <algorithm>

namespace ward::fhir::search {
namespace {

std::unexpected<std::string> wrong(std::string what) { return std::unexpected(std::move(what)); }

}  // namespace

std::expected<Include, std::string> include_value(std::string_view value, std::string_view type, bool reverse,
                                                  bool iterate) {
  Include include{.reverse = reverse, .iterate = iterate, .source = {}, .param = nullptr, .target = {}};
  if (value == "*")
    return reverse ? std::expected<Include, std::string>(wrong("must name the type that refers: Type:parameter"))
                   : include;
  const auto first = value.find(':');
  if (first == value.npos) return wrong("is not of the form Type:parameter");
  const std::string_view source = value.substr(0, first);
  const auto second = value.find(':', first + 1);
  const std::string_view code = value.substr(first + 1, second == value.npos ? second : second - first - 1);
  if (second != value.npos) include.target = value.substr(second + 1);
  if (!r4::is_resource_type(source)) return wrong(fmt::format("names {}, which is no resource type", shown(source)));
  if (second != value.npos && !r4::is_resource_type(include.target))
    return wrong(fmt::format("names {}, which is no resource type", shown(include.target)));
  include.source = source;
  if (!reverse && !iterate && source != type)
    return wrong(fmt::format("names {}, which is not the type searched; :iterate follows what came along", source));
  if (code == "*") return include;
  include.param = r4::find_param(source, code);
  if (!include.param || include.param->type != r4::ParamType::reference)
    return wrong(fmt::format("names {}, which is no reference parameter of {}", shown(code), source));
  if (!include.target.empty() && !may_name(*include.param, include.target))
    return wrong(fmt::format("names {}, to which {} does not refer", include.target, code));
  return include;
}

}  // namespace ward::fhir::search
