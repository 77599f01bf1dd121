#include "search/condition.hpp"

#include "search/composite.hpp"
#include "search/pairs.hpp"
#include "search/special_values.hpp"
#include "search/values.hpp"

namespace ward::fhir::search {
namespace {

enum class Fit : std::uint8_t { good, not_supported, invalid };

Fit token_fits(const r4::SearchParam& param, std::string_view modifier) {
  if (modifier == "not" || modifier == "text" || modifier == "in" || modifier == "not-in") return Fit::good;
  // Only an Identifier has a type (R4 search.html 3.1.1.4.10).
  if (modifier == "of-type")
    return param.expression.find("identifier") == param.expression.npos ? Fit::invalid : Fit::good;
  return modifier == "above" || modifier == "below" ? Fit::not_supported : Fit::invalid;  // no hierarchy is loaded
}

Fit reference_fits(const r4::SearchParam& param, std::string_view modifier) {
  if (modifier == "identifier") return Fit::good;
  if (modifier == "above" || modifier == "below" || modifier == "text") return Fit::not_supported;
  return r4::is_resource_type(modifier) && may_name(param, modifier) ? Fit::good : Fit::invalid;
}

Fit modifier_fits(const r4::SearchParam* param, std::string_view modifier) {
  if (modifier.empty()) return Fit::good;
  if (!param) return Fit::invalid;
  if (modifier == "missing") return Fit::good;
  switch (param->type) {
    case r4::ParamType::string:
      if (modifier == "exact" || modifier == "contains") return Fit::good;
      return modifier == "text" ? Fit::not_supported : Fit::invalid;
    case r4::ParamType::token:
      return token_fits(*param, modifier);
    case r4::ParamType::uri:
      return modifier == "below" || modifier == "above" ? Fit::good : Fit::invalid;
    case r4::ParamType::reference:
      return reference_fits(*param, modifier);
    default:
      return Fit::invalid;
  }
}

Value<store::Match> token_match(std::string_view text, std::string_view modifier) {
  if (modifier == "of-type") return of_type_value(text);
  if (modifier == "text") return string_value(text, {});
  return token_value(text);
}

Value<store::Match> match_of(const ValueContext& context, bool id, std::string_view text) {
  if (!context.param) return id ? id_value(text) : date_value(text, true);
  switch (context.param->type) {
    case r4::ParamType::token:
      return token_match(text, context.modifier);
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
    case r4::ParamType::special:
      return near_value(text);
    default:
      return std::unexpected(Reason("a kind of parameter that is not supported"));
  }
}

std::unexpected<Problem> problem(std::string_view code, std::string what) {
  return std::unexpected(Problem{code, std::move(what)});
}

std::expected<std::vector<std::string_view>, Problem> parts_of(std::string_view code, std::string_view value) {
  const auto texts = split_unescaped(value, ',');
  if (texts.size() > search_values_max)
    return problem("too-costly", fmt::format("parameter {} has more than {} values", code, search_values_max));
  for (const std::string_view text : texts)
    if (text.empty()) return problem("invalid", fmt::format("parameter {} has an empty value", code));
  return texts;
}

std::expected<std::vector<store::Match>, Problem> matches(const ValueContext& context, std::string_view code,
                                                          std::string_view value) {
  const auto texts = parts_of(code, value);
  if (!texts) return std::unexpected(texts.error());
  std::vector<store::Match> out;
  for (const std::string_view text : *texts) {
    auto match = match_of(context, code == "_id", text);
    if (!match) return problem("invalid", fmt::format("a value of parameter {} is {}", code, match.error()));
    out.push_back(std::move(*match));
  }
  return out;
}

bool is_served(const r4::SearchParam& param) {
  return !param.expression.empty() && (param.type != r4::ParamType::special || param.code == "near");
}

}  // namespace

std::expected<std::vector<store::Match>, Problem> read_values(const r4::SearchParam* param, std::string_view code,
                                                              std::string_view modifier, std::string_view value,
                                                              const SearchOptions& options) {
  return matches({param, modifier, options}, code, value);
}

std::expected<store::Condition, Problem> read_condition(std::string_view type, const r4::SearchParam* param,
                                                        std::string_view code, std::string_view modifier,
                                                        std::string_view value, const SearchOptions& options,
                                                        std::vector<UsedParam>& used) {
  if (param && !is_served(*param))
    return problem("not-supported", fmt::format("parameter {} is not supported yet", code));
  if (param && param->type == r4::ParamType::composite)
    return read_composite(type, code, modifier, value, options, used);
  const Fit fit = modifier_fits(param, modifier);
  if (fit == Fit::not_supported)
    return problem("not-supported",
                   fmt::format("modifier :{} of parameter {} is not supported yet", shown(modifier), code));
  if (fit == Fit::invalid)
    return problem("invalid", fmt::format("parameter {} has no modifier :{}", code, shown(modifier)));
  used.push_back({param, std::string(code), std::string(modifier), false});

  store::Condition condition;
  condition.param = code;
  if (modifier == "missing") {
    if (value != "true" && value != "false")
      return problem("invalid", fmt::format("parameter {}:missing needs true or false", code));
    condition.missing = value == "true";
    return condition;
  }
  const bool own_rows = modifier == "identifier" || modifier == "of-type" || (modifier == "text" && param);
  if (own_rows) condition.param += ":" + std::string(modifier);
  condition.negate = modifier == "not" || modifier == "not-in";
  auto any_of = modifier == "in" || modifier == "not-in" ? codes_of_value_set(code, value)
                                                         : matches({param, modifier, options}, code, value);
  if (!any_of) return std::unexpected(std::move(any_of.error()));
  condition.any_of = std::move(*any_of);
  return condition;
}

std::expected<store::Condition, Problem> read_words(std::string_view code, std::string_view modifier,
                                                    std::string_view value, std::vector<UsedParam>& used) {
  if (!modifier.empty()) return problem("invalid", fmt::format("parameter {} takes no modifier", code));
  const auto texts = parts_of(code, value);
  if (!texts) return std::unexpected(texts.error());
  store::Condition condition;
  condition.param = code;
  for (const std::string_view text : *texts) {
    auto match = words_value(text);
    if (!match) return problem("invalid", fmt::format("a value of parameter {} is {}", code, match.error()));
    condition.any_of.push_back(std::move(*match));
  }
  used.push_back({nullptr, std::string(code), {}, false});
  return condition;
}

}  // namespace ward::fhir::search
