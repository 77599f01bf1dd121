#include "search/result_params.hpp"

#include "search/pairs.hpp"
#include "search/values.hpp"

#include <charconv>

namespace ward::fhir::search {
namespace {

constexpr std::size_t sorts_max = 3;
constexpr std::size_t elements_max = 60;

using Read = std::optional<Problem> (*)(std::string_view value, const SearchOptions& options, Search& search);

std::optional<Problem> wrong(std::string what) { return Problem{"invalid", std::move(what)}; }

void count_only(Search& search) {
  search.summary = Summary::count;
  search.query.count = 0;
  search.query.total = store::Total::accurate;
}

std::optional<Problem> read_count(std::string_view value, const SearchOptions& options, Search& search) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (error != std::errc() || end != value.data() + value.size()) return wrong("_count needs a number");
  if (count == 0)
    count_only(search);  // R4 3.1.1.5.4: the same as _summary=count
  else if (search.summary != Summary::count)
    search.query.count = std::min(count, options.count_max);
  return std::nullopt;
}

bool is_sortable(const r4::SearchParam& param) {
  return param.type != r4::ParamType::composite && param.type != r4::ParamType::special && !param.expression.empty();
}

std::optional<Problem> read_sort(std::string_view value, const SearchOptions&, Search& search) {
  const auto parts = split_unescaped(value, ',');
  if (parts.size() > sorts_max)
    return Problem{"too-costly", fmt::format("_sort takes at most {} parameters", sorts_max)};
  for (std::string_view code : parts) {
    store::Sort sort;
    sort.descending = code.starts_with('-');
    if (sort.descending) code.remove_prefix(1);
    const bool own = code == "_id" || code == "_lastUpdated";
    const r4::SearchParam* param = own ? nullptr : r4::find_param(search.query.type, code);
    if (!own && !param)
      return wrong(fmt::format("_sort names {}, which is no parameter of {}", shown(code), search.query.type));
    if (param && !is_sortable(*param))
      return Problem{"not-supported", fmt::format("_sort by {} is not supported yet", code)};
    sort.param = code;
    search.query.sort.push_back(std::move(sort));
    search.used.push_back({param, std::string(code), {}, true});
  }
  return std::nullopt;
}

std::optional<Problem> read_total(std::string_view value, const SearchOptions&, Search& search) {
  using store::Total;
  static constexpr std::pair<std::string_view, Total> words[] = {
      {"none", Total::none}, {"estimate", Total::estimate}, {"accurate", Total::accurate}};
  for (const auto& [word, total] : words) {
    if (value != word) continue;
    if (search.summary != Summary::count) search.query.total = total;
    return std::nullopt;
  }
  return wrong("_total needs none, estimate or accurate");
}

std::optional<Problem> read_summary(std::string_view value, const SearchOptions&, Search& search) {
  static constexpr std::pair<std::string_view, Summary> words[] = {{"true", Summary::yes},
                                                                   {"false", Summary::none},
                                                                   {"text", Summary::text},
                                                                   {"data", Summary::data},
                                                                   {"count", Summary::count}};
  for (const auto& [word, summary] : words) {
    if (value != word) continue;
    if (summary == Summary::count) count_only(search);
    if (search.summary != Summary::count) search.summary = summary;
    return std::nullopt;
  }
  return wrong("_summary needs true, false, text, data or count");
}

std::optional<Problem> read_elements(std::string_view value, const SearchOptions&, Search& search) {
  const r4::Definition* definition = r4::find_definition(search.query.type);
  const auto names = split_unescaped(value, ',');
  if (names.size() > elements_max)
    return Problem{"too-costly", fmt::format("_elements takes at most {} names", elements_max)};
  for (const std::string_view name : names) {
    const bool known =
        std::ranges::any_of(definition->elements, [&](const r4::Element& element) { return element.name == name; });
    if (!known)
      return wrong(fmt::format("_elements names {}, which is no element of {}", shown(name), search.query.type));
    search.elements.emplace_back(name);
  }
  return std::nullopt;
}

std::optional<Problem> read_format(std::string_view value, const SearchOptions&, Search& search) {
  if (value.empty() || value.size() > 100) return wrong("_format needs a media type");
  search.format = value;
  return std::nullopt;
}

std::optional<Problem> read_pretty(std::string_view value, const SearchOptions&, Search& search) {
  if (value != "true" && value != "false") return wrong("_pretty needs true or false");
  search.pretty = value == "true";
  return std::nullopt;
}

/// What stands inside other resources is never found by itself.
std::optional<Problem> read_contained(std::string_view value, const SearchOptions&, Search&) {
  if (value == "false") return std::nullopt;
  if (value != "true" && value != "both") return wrong("_contained needs false, true or both");
  return Problem{"not-supported", "_contained finds whole resources alone here: only false is supported"};
}

constexpr std::pair<std::string_view, Read> readers[] = {
    {"_count", read_count},       {"_sort", read_sort},     {"_total", read_total},   {"_summary", read_summary},
    {"_elements", read_elements}, {"_format", read_format}, {"_pretty", read_pretty}, {"_contained", read_contained},
};

}  // namespace

bool is_result_param(std::string_view code) {
  return std::ranges::any_of(readers, [&](const auto& reader) { return reader.first == code; });
}

std::optional<Problem> read_result_param(std::string_view name, std::string_view value, const SearchOptions& options,
                                         Search& search) {
  for (const auto& [code, read] : readers) {
    if (code != name) continue;
    const bool again = std::ranges::any_of(search.applied, [&](const auto& pair) { return pair.first == name; });
    if (again) return wrong(fmt::format("{} stands more than once", name));
    return read(value, options, search);
  }
  return wrong(fmt::format("{} takes no modifier", shown(name)));
}

}  // namespace ward::fhir::search
