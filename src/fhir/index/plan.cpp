#include "index/plan.hpp"

#include "path/functions.hpp"
#include "path/node.hpp"
#include "path/parser.hpp"

namespace ward::fhir::index_plan {
namespace {

using path::Node;
using path::Op;

/// One part of a plain path, from the left.
struct Part {
  enum Kind : std::uint8_t { child, as_type, where } kind;
  std::string text;  // name or type
  Filter filter;
};

std::optional<Filter> read_filter(const Node& criteria) {
  const bool resolves = criteria.kind == Node::type_test && criteria.op == Op::is &&
                        criteria.children[0].kind == Node::call && criteria.children[0].function->name == "resolve";
  if (resolves) return Filter{Filter::resolves_to, {}, criteria.text};
  if (criteria.kind != Node::binary || criteria.op != Op::equal) return std::nullopt;
  const Node& left = criteria.children[0];
  const Node& right = criteria.children[1];
  const auto* text = std::get_if<std::string>(&right.value);
  if (left.kind != Node::name || right.kind != Node::literal || !text) return std::nullopt;
  return Filter{Filter::member_equals, left.text, *text};
}

/// False if the node is more than a plain path.
bool read_parts(const Node& node, std::vector<Part>& out) {
  switch (node.kind) {
    case Node::name:
      out.push_back({Part::child, node.text, {}});
      return true;
    case Node::dot:
      return read_parts(node.children[0], out) && read_parts(node.children[1], out);
    case Node::type_test:
      if (node.op != Op::as || !read_parts(node.children[0], out)) return false;
      out.push_back({Part::as_type, node.text, {}});
      return true;
    case Node::call: {
      const std::string_view name = node.function->name;
      if (name == "where") {
        auto filter = read_filter(node.children[0]);
        if (!filter) return false;
        out.push_back({Part::where, {}, std::move(*filter)});
        return true;
      }
      if (name == "extension" && node.children[0].kind == Node::literal) {
        const auto* url = std::get_if<std::string>(&node.children[0].value);
        if (!url) return false;
        out.push_back({Part::child, "extension", {}});
        out.push_back({Part::where, {}, Filter{Filter::member_equals, "url", *url}});
        return true;
      }
      if (name != "as" && name != "ofType") return false;
      out.push_back({Part::as_type, node.text, {}});
      return true;
    }
    default:
      return false;
  }
}

void split_union(const Node& node, std::vector<const Node*>& out) {
  if (node.kind == Node::binary && node.op == Op::unite) {
    split_union(node.children[0], out);
    split_union(node.children[1], out);
  } else {
    out.push_back(&node);
  }
}

bool names_root(std::string_view name, std::string_view type) {
  return name == type || name == "Resource" || name == "DomainResource";
}

/// A step carries one filter; two in a row stay with the evaluator.
bool is_plain(std::span<const Part> parts, std::string_view type) {
  if (parts.empty() || parts[0].kind != Part::child || !names_root(parts[0].text, type)) return false;
  int filters = 0;
  for (const Part& part : parts) {
    filters = part.kind == Part::child ? 0 : filters + (part.kind == Part::where);
    if (filters > 1) return false;
  }
  return true;
}

class Builder {
 public:
  Builder(Plan& plan, const r4::Definition& definition) : plan_(plan), definition_(definition) {}

  void add(std::uint16_t param) {
    const auto text = plan_.params[param].param->expression;
    auto expression = PathExpression::compile(text);
    if (!expression) {
      plan_.broken.emplace_back(plan_.params[param].param->code);
      return;
    }
    std::vector<const Node*> alternatives;
    split_union(expression->root(), alternatives);
    std::vector<std::vector<Part>> paths;
    for (const Node* alternative : alternatives) {
      std::vector<Part> parts;
      if (!read_parts(*alternative, parts) || !is_plain(parts, definition_.name)) {
        plan_.general.push_back({param, std::move(*expression)});
        return;
      }
      paths.push_back(std::move(parts));
    }
    for (const auto& parts : paths) lay(plan_.root, definition_, std::span(parts).subspan(1), param);
  }

 private:
  /// Lays the rest of a path below `place`; a choice element forks.
  void lay(Place& place, const r4::Definition& definition, std::span<const Part> parts, std::uint16_t param) {
    if (parts.empty()) {
      if (std::ranges::find(place.ends, param) == place.ends.end()) place.ends.push_back(param);
      return;
    }
    const std::string& name = parts[0].text;
    parts = parts.subspan(1);
    std::string_view wanted;
    Filter filter;
    while (!parts.empty() && parts[0].kind != Part::child) {
      if (parts[0].kind == Part::as_type) wanted = parts[0].text;
      if (parts[0].kind == Part::where) filter = parts[0].filter;
      parts = parts.subspan(1);
    }
    for (const r4::Element& element : definition.elements) {
      if (element.name != name) continue;
      for (const r4::ElementType& type : element.types) {
        if (!wanted.empty() && type.code != wanted) continue;
        const std::string member = element.choice ? name + capital(type.code) : name;
        Place& next = step(place, member, type.code, filter);
        if (parts.empty() || type.definition) lay(next, type.definition ? *type.definition : definition, parts, param);
      }
    }
  }

  static std::string capital(std::string_view text) {
    std::string out(text);
    if (!out.empty() && out[0] >= 'a' && out[0] <= 'z') out[0] = static_cast<char>(out[0] - 'a' + 'A');
    return out;
  }

  static Place& step(Place& place, const std::string& member, std::string_view type, const Filter& filter) {
    for (Step& known : place.steps) {
      if (known.member == member && known.type == type && known.filter == filter) return known.place;
    }
    place.steps.push_back({member, type, filter, {}});
    return place.steps.back().place;
  }

  Plan& plan_;
  const r4::Definition& definition_;
};

void sort_steps(Place& place) {
  std::ranges::stable_sort(place.steps, {}, &Step::member);
  for (Step& step : place.steps) sort_steps(step.place);
}

bool is_indexed(const r4::SearchParam& param) {
  const bool position = param.code == "near";  // the one special parameter whose value stands in the resource
  return param.type != r4::ParamType::composite && (param.type != r4::ParamType::special || position) &&
         !param.expression.empty() && param.code != "_id" && param.code != "_lastUpdated";
}

std::unique_ptr<const Plan> make_plan(std::string_view type) {
  const r4::Definition* definition = r4::find_definition(type);
  if (!definition) return nullptr;
  auto plan = std::make_unique<Plan>();
  // A Patient is in its own compartment alone. R4 also counts whom it links to, but a link must never widen who sees
  // it.
  const auto compartment = type == "Patient" ? std::span<const std::string_view>() : r4::patient_compartment(type);
  for (const r4::SearchParam& param : r4::search_params(type)) {
    if (!is_indexed(param)) continue;
    plan->params.push_back({&param, std::ranges::find(compartment, param.code) != compartment.end()});
  }
  Builder builder(*plan, *definition);
  for (std::size_t i = 0; i < plan->params.size(); ++i) builder.add(static_cast<std::uint16_t>(i));
  sort_steps(plan->root);
  return plan;
}

struct Slot {
  std::once_flag once;
  std::unique_ptr<const Plan> plan;
};

}  // namespace

const Plan* plan_of(std::string_view type) {
  static const auto slots = std::make_unique<Slot[]>(r4::resource_types().size());
  const auto types = r4::resource_types();
  const auto found = std::ranges::lower_bound(types, type);
  if (found == types.end() || *found != type) return nullptr;
  Slot& slot = slots[static_cast<std::size_t>(found - types.begin())];
  std::call_once(slot.once, [&] { slot.plan = make_plan(type); });
  return slot.plan.get();
}

}  // namespace ward::fhir::index_plan
