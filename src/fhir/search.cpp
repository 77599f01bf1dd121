#include "search.hpp"

#include "search/condition.hpp"
#include "search/hop_names.hpp"
#include "search/include_value.hpp"
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

constexpr std::string_view not_yet[] = {"_filter", "_query", "_containedType", "_score"};

class Reader {
 public:
  Reader(std::string_view type, const SearchOptions& options, bool result_params, std::size_t depth = 0)
      : options_(options), result_params_(result_params), depth_(depth) {
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
      return problem({"not-supported", fmt::format("{} is not supported yet", code)});
    if (code == "_type")
      return problem({"not-supported", "_type is of a search of several types, at the base address"});
    if (is_result_param(code)) return result_param(name, value);
    if (code == "_include" || code == "_revinclude") return include(code, modifier, value);
    if (code == "_has") return has(name, value);
    if (code == "_list") return modifier.empty() ? backward("List", "item", "_id", value, code) : no_modifier(code);
    if (code == "_text" || code == "_content") return take(read_words(code, modifier, value, search_.used));
    if (name.find('.') != name.npos) return chain(name, value);
    const bool own = code == "_id" || code == "_lastUpdated";
    const r4::SearchParam* param = own ? nullptr : r4::find_param(search_.query.type, code);
    if (!own && !param) return unknown(code);
    return take(read_condition(search_.query.type, param, code, modifier, value, options_, search_.used));
  }

  bool take(std::expected<store::Condition, Problem> condition) {
    if (!condition) return problem(condition.error());
    search_.query.all_of.push_back(std::move(*condition));
    return true;
  }

  /// What is not supported is left out, and said, if the caller is lenient; what is wrong is refused.
  bool problem(const Problem& found) {
    if (options_.lenient && found.code == "not-supported")
      search_.warnings.push_back(found.what);
    else
      wrong(found.code, found.what);
    return false;
  }

  bool unknown(std::string_view code) {
    return problem({"not-supported", fmt::format("{} has no search parameter {}", search_.query.type, shown(code))});
  }

  bool no_modifier(std::string_view code) {
    wrong("invalid", fmt::format("parameter {} takes no modifier", code));
    return false;
  }

  bool include(std::string_view code, std::string_view modifier, std::string_view value) {
    if (!result_params_) return wrong("invalid", fmt::format("{} is no search condition", code)), false;
    if (!modifier.empty() && modifier != "iterate")
      return wrong("invalid", fmt::format("parameter {} has no modifier :{}", code, shown(modifier))), false;
    if (search_.includes.size() == includes_max)
      return wrong("too-costly", fmt::format("more than {} of _include and _revinclude", includes_max)), false;
    auto read = include_value(value, search_.query.type, code == "_revinclude", modifier == "iterate");
    if (!read) return wrong("invalid", fmt::format("a value of {} {}", code, read.error())), false;
    search_.includes.push_back(std::move(*read));
    return true;
  }

  bool has(std::string_view name, std::string_view value) {
    const auto parts = split_has(name);
    if (!parts)
      return wrong("invalid", "_has needs a type, a reference parameter and a parameter: _has:Type:reference:name"),
             false;
    return backward(parts->type, parts->code, parts->rest, value, "_has");
  }

  /// What `type` refers to by `code`, of those that satisfy `rest`.
  bool backward(std::string_view type, std::string_view code, std::string_view rest, std::string_view value,
                std::string_view named) {
    if (!r4::is_resource_type(type))
      return wrong("invalid", fmt::format("{} names {}, which is no resource type", named, shown(type))), false;
    const r4::SearchParam* param = r4::find_param(type, code);
    if (!param || param->type != r4::ParamType::reference || !may_name(*param, search_.query.type))
      return wrong("invalid", fmt::format("{} names {}, by which {} does not refer to {}", named, shown(code), type,
                                          search_.query.type)),
             false;
    return hop({.param = param, .backward = true, .among = {}}, {{type}}, rest, value, named);
  }

  bool chain(std::string_view name, std::string_view value) {
    const auto parts = split_chain(name);
    if (!parts) return wrong("invalid", fmt::format("{} is no chain of parameters", shown(name))), false;
    const r4::SearchParam* param = r4::find_param(search_.query.type, parts->code);
    if (!param || param->type != r4::ParamType::reference)
      return wrong("invalid", fmt::format("{} has no reference parameter {}", search_.query.type, shown(parts->code))),
             false;
    std::vector<std::string_view> types(param->targets.begin(), param->targets.end());
    if (const std::string_view only = only_target(*param); !only.empty()) types = {only};
    if (!parts->type.empty()) {
      if (!r4::is_resource_type(parts->type) || !may_name(*param, parts->type))
        return wrong("invalid", fmt::format("{} does not refer to {}", parts->code, shown(parts->type))), false;
      types = {parts->type};
    }
    if (!takes_type(*param, types)) return false;
    search_.used.push_back({param, std::string(parts->code), {}, false});
    return hop({.param = param, .backward = false, .among = {}}, types, parts->rest, value, parts->code);
  }

  bool takes_type(const r4::SearchParam& param, const std::vector<std::string_view>& types) {
    if (!types.empty() && types.size() <= hop_types_max) return true;
    wrong("too-costly", fmt::format("{0} may refer to many types; name one: {0}:Type.name", param.code));
    return false;
  }

  /// The other end's searches: where the type is not named, of all types that have such a parameter.
  bool hop(Hop to, const std::vector<std::string_view>& types, std::string_view rest, std::string_view value,
           std::string_view named) {
    if (depth_ + 1 > hop_depth_max)
      return wrong("too-costly", fmt::format("a parameter looks through more than {} references", hop_depth_max)),
             false;
    std::optional<Refusal> first;
    for (const std::string_view type : types) {
      SearchOptions strict = options_;
      strict.lenient = false;
      auto search = Reader(type, strict, false, depth_ + 1).run({{std::string(rest), std::string(value)}});
      if (search) {
        if (to.backward) search->used.push_back({to.param, std::string(to.param->code), {}, false});
        to.among.push_back(std::move(*search));
      } else if (!first) {
        first = std::move(search.error());
      }
    }
    if (to.among.empty()) {
      for (const Issue& issue : first->issues) wrong(issue.code, fmt::format("{}: {}", named, issue.diagnostics));
      return false;
    }
    count_hops(to);
    search_.hops.push_back(std::move(to));
    return true;
  }

  void count_hops(const Hop& hop) {
    for (const Search& search : hop.among) {
      if (++hops_ > hops_max && !told_hops_) {
        told_hops_ = true;
        wrong("too-costly", fmt::format("more than {} searches behind references", hops_max));
      }
      for (const Hop& deeper : search.hops) count_hops(deeper);
    }
  }

  bool result_param(std::string_view name, std::string_view value) {
    if (!result_params_) return wrong("invalid", fmt::format("{} is no search condition", shown(name))), false;
    const auto found = read_result_param(name, value, options_, search_);
    return found ? problem(*found) : true;
  }

  const SearchOptions& options_;
  bool result_params_;
  std::size_t depth_;
  std::size_t hops_ = 0;
  bool told_hops_ = false;
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

/// Without an index entry of their own, or not the resource's own words: nothing that a scope could say.
bool is_plain(const store::Condition& condition) {
  return condition.together.empty() && std::ranges::none_of(condition.any_of, [](const store::Match& match) {
           return std::holds_alternative<store::TextIs>(match) || std::holds_alternative<store::NearIs>(match);
         });
}

}  // namespace

bool may_name(const r4::SearchParam& param, std::string_view type) {
  return param.targets.empty() || std::ranges::find(param.targets, type) != param.targets.end();
}

bool is_common_param(std::string_view name) {
  static constexpr std::string_view codes[] = {"_id",   "_lastUpdated", "_tag",  "_profile", "_security", "_source",
                                               "_text", "_content",     "_list", "_has",     "_contained"};
  const std::string_view code = name.substr(0, name.find(':'));
  return std::ranges::find(codes, code) != std::end(codes) || is_result_param(code);
}

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
  if (search && search->query.all_of.empty() && search->hops.empty())
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
  if (!search->hops.empty()) return refuse(refusal("not-supported", "a scope does not look through references"));
  if (!std::ranges::all_of(search->query.all_of, is_plain))
    return refuse(refusal("not-supported", "a scope has conditions on single values alone"));
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
