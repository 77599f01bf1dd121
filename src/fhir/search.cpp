#include "search.hpp"

#include "search/pairs.hpp"
#include "search/result_params.hpp"
#include "search/values.hpp"

#include "base/encoding.hpp"

namespace ward::fhir {
namespace {

using namespace search;

/// A parameter's name taken apart: "subject:Patient".
struct Name {
  std::string_view code, modifier;
};

Name split_name(std::string_view name) {
  const auto colon = name.find(':');
  return {name.substr(0, colon), colon == name.npos ? std::string_view() : name.substr(colon + 1)};
}

constexpr std::string_view not_yet[] = {"_include", "_revinclude", "_has",  "_text",      "_content",       "_filter",
                                        "_list",    "_query",      "_type", "_contained", "_containedType", "_score"};

enum class Fit : std::uint8_t { good, not_supported, invalid };

Fit modifier_fits(const r4::SearchParam* param, std::string_view modifier) {
  if (modifier.empty()) return Fit::good;
  if (!param) return Fit::invalid;
  if (modifier == "missing") return Fit::good;
  switch (param->type) {
    case r4::ParamType::string:
      if (modifier == "exact" || modifier == "contains") return Fit::good;
      return modifier == "text" ? Fit::not_supported : Fit::invalid;
    case r4::ParamType::token:
      if (modifier == "not") return Fit::good;
      for (const std::string_view later : {"text", "in", "not-in", "above", "below", "of-type"}) {
        if (modifier == later) return Fit::not_supported;
      }
      return Fit::invalid;
    case r4::ParamType::uri:
      return modifier == "below" || modifier == "above" ? Fit::good : Fit::invalid;
    case r4::ParamType::reference:
      if (modifier == "identifier") return Fit::good;
      if (modifier == "above" || modifier == "below" || modifier == "text") return Fit::not_supported;
      if (!r4::is_resource_type(modifier)) return Fit::invalid;
      return param->targets.empty() || std::ranges::find(param->targets, modifier) != param->targets.end()
                 ? Fit::good
                 : Fit::invalid;
    default:
      return Fit::invalid;
  }
}

Value<store::Match> match_of(const ValueContext& context, bool id, std::string_view text) {
  if (!context.param) return id ? id_value(text) : date_value(text, true);
  switch (context.param->type) {
    case r4::ParamType::token:
      return token_value(text);
    case r4::ParamType::string:
      return string_value(text, context.modifier);
    case r4::ParamType::date:
      return date_value(text, false);
    case r4::ParamType::number:
      return number_value(text);
    case r4::ParamType::quantity:
      return quantity_value(text);
    case r4::ParamType::reference:
      return context.modifier == "identifier" ? token_value(text) : reference_value(text, context);
    case r4::ParamType::uri:
      return uri_value(text, context.modifier);
    default:
      return std::unexpected(Reason("a kind of parameter that is not supported"));
  }
}

class Reader {
 public:
  Reader(std::string_view type, const SearchOptions& options, bool result_params)
      : options_(options), result_params_(result_params) {
    search_.query.type = type;
    search_.query.count = std::min(options.count_default, options.count_max);
  }

  Allowed<Search> run(Pairs pairs) {
    for (auto& [name, value] : pairs) {
      if (one(name, value)) search_.applied.emplace_back(std::move(name), std::move(value));
    }
    if (refusal_) return refuse(std::move(*refusal_));
    return std::move(search_);
  }

 private:
  void wrong(std::string_view code, std::string what) {
    if (!refusal_)
      refusal_ = refusal(code, std::move(what));
    else
      refusal_->issues.push_back(std::move(refusal(code, std::move(what)).issues[0]));
  }

  /// True if the parameter is part of the search.
  bool one(std::string_view name, std::string_view value) {
    const auto [code, modifier] = split_name(name);
    if (std::ranges::find(not_yet, code) != std::end(not_yet))
      return wrong("not-supported", fmt::format("{} is not supported yet", code)), false;
    if (is_result_param(code)) return result_param(name, value);
    if (name.find('.') != name.npos)
      return wrong("not-supported", fmt::format("chained parameters are not supported yet: {}", shown(name))), false;
    const bool own = code == "_id" || code == "_lastUpdated";
    const r4::SearchParam* param = own ? nullptr : r4::find_param(search_.query.type, code);
    if (!own && !param) return unknown(code);
    if (param &&
        (param->type == r4::ParamType::composite || param->type == r4::ParamType::special || param->expression.empty()))
      return wrong("not-supported", fmt::format("parameter {} is not supported yet", code)), false;
    switch (modifier_fits(param, modifier)) {
      case Fit::not_supported:
        return wrong("not-supported",
                     fmt::format("modifier :{} of parameter {} is not supported yet", shown(modifier), code)),
               false;
      case Fit::invalid:
        return wrong("invalid", fmt::format("parameter {} has no modifier :{}", code, shown(modifier))), false;
      case Fit::good:
        break;
    }
    search_.used.push_back({param, std::string(code), std::string(modifier), false});
    condition({param, modifier, options_}, code, value);
    return true;
  }

  bool unknown(std::string_view code) {
    const std::string what = fmt::format("{} has no search parameter {}", search_.query.type, shown(code));
    if (options_.lenient)
      search_.warnings.push_back(what);
    else
      wrong("not-supported", what);
    return false;
  }

  bool result_param(std::string_view name, std::string_view value) {
    if (!result_params_) return wrong("invalid", fmt::format("{} is no search condition", shown(name))), false;
    const auto problem = read_result_param(name, value, options_, search_);
    if (problem) wrong(problem->code, problem->what);
    return !problem;
  }

  void condition(const ValueContext& context, std::string_view code, std::string_view value) {
    store::Condition condition;
    condition.param = code;
    if (context.modifier == "missing") {
      if (value != "true" && value != "false")
        return wrong("invalid", fmt::format("parameter {}:missing needs true or false", code));
      condition.missing = value == "true";
    } else {
      if (context.modifier == "identifier") condition.param += ":identifier";
      condition.negate = context.modifier == "not";
      if (!values(context, code, value, condition.any_of)) return;
    }
    search_.query.all_of.push_back(std::move(condition));
  }

  bool values(const ValueContext& context, std::string_view code, std::string_view value,
              std::vector<store::Match>& out) {
    const auto texts = split_unescaped(value, ',');
    if (texts.size() > search_values_max)
      return wrong("too-costly", fmt::format("parameter {} has more than {} values", code, search_values_max)), false;
    for (const std::string_view text : texts) {
      if (text.empty()) return wrong("invalid", fmt::format("parameter {} has an empty value", code)), false;
      auto match = match_of(context, code == "_id", text);
      if (!match) return wrong("invalid", fmt::format("a value of parameter {} is {}", code, match.error())), false;
      out.push_back(std::move(*match));
    }
    return true;
  }

  const SearchOptions& options_;
  bool result_params_;
  Search search_;
  std::optional<Refusal> refusal_;
};

bool unreserved_in_query(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~,:/").find(c) != std::string_view::npos;
}

void append_encoded(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (unreserved_in_query(c))
      out.push_back(c);
    else
      out += percent_encode({&c, 1});
  }
}

}  // namespace

Allowed<Search> parse_search(std::string_view type, std::string_view query, std::string_view form,
                             const SearchOptions& options) {
  if (!r4::is_resource_type(type)) return refuse(refusal("not-supported", "not a resource type of R4"));
  auto pairs = read_pairs(query, form);
  if (!pairs) return std::unexpected(std::move(pairs.error()));
  return Reader(type, options, true).run(std::move(*pairs));
}

Allowed<Search> parse_condition(std::string_view type, std::string_view query, const SearchOptions& options) {
  if (!r4::is_resource_type(type)) return refuse(refusal("not-supported", "not a resource type of R4"));
  auto pairs = read_pairs(query, {});
  if (!pairs) return std::unexpected(std::move(pairs.error()));
  SearchOptions strict = options;
  strict.lenient = false;
  auto search = Reader(type, strict, false).run(std::move(*pairs));
  if (search && search->query.all_of.empty())
    return refuse(refusal("invalid", "a conditional request needs at least one search parameter"));
  return search;
}

Allowed<std::vector<store::Condition>> parse_constraints(
    std::string_view type, std::span<const std::pair<std::string, std::string>> constraints,
    const SearchOptions& options) {
  if (!r4::is_resource_type(type)) return refuse(refusal("not-supported", "not a resource type of R4"));
  if (constraints.size() > search_params_max) return refuse(refusal("too-costly", "too many constraints"));
  SearchOptions strict = options;
  strict.lenient = false;
  auto search = Reader(type, strict, false).run({constraints.begin(), constraints.end()});
  if (!search) return std::unexpected(std::move(search.error()));
  return std::move(search->query.all_of);
}

std::string self_link(std::string_view base, const Search& search) {
  std::string out = fmt::format("{}/{}", base, search.query.type);
  char separator = '?';
  for (const auto& [name, value] : search.applied) {
    out.push_back(separator);
    append_encoded(out, name);
    out.push_back('=');
    append_encoded(out, value);
    separator = '&';
  }
  return out;
}

}  // namespace ward::fhir
