#include "index.hpp"

#include "index/plan.hpp"
#include "index/rows.hpp"
#include "index/words.hpp"
#include "path/element.hpp"

namespace ward::fhir {
namespace {

using index_plan::Filter;
using index_plan::Place;
using index_plan::Plan;
using index_plan::Rows;
using index_plan::Step;

/// Types of the contained resources by id, read once and only if a reference asks.
class Contained {
 public:
  explicit Contained(json::Value resource) : resource_(resource) {}

  std::string_view type_of(std::string_view id) {
    if (!read_) {
      read_ = true;
      for (json::Value c = resource_["contained"].first(); c; c = c.next())
        types_.emplace(c.string("id"), c.string("resourceType"));
    }
    const auto found = types_.find(std::string(id));
    return found == types_.end() ? std::string_view() : std::string_view(found->second);
  }

 private:
  json::Value resource_;
  bool read_ = false;
  std::unordered_map<std::string, std::string> types_;
};

bool passes(const Filter& filter, json::Value value, std::string_view type, Contained& contained) {
  if (filter.kind == Filter::none) return true;
  if (filter.kind == Filter::member_equals) {
    std::string scratch;
    return value[filter.member].text(scratch) == filter.text;
  }
  const std::string reference = value.string("reference");
  if (reference.starts_with('#')) return contained.type_of(std::string_view(reference).substr(1)) == filter.text;
  PathItem item;
  item.value = value;
  item.type = type;
  std::string scratch;
  return path::referenced_type(item, scratch) == filter.text;
}

class Walk {
 public:
  Walk(const Plan& plan, Rows& rows, json::Value resource) : plan_(plan), rows_(rows), contained_(resource) {}

  void object(const Place& place, json::Value object) {
    if (!object.is_object() || place.steps.empty()) return;
    for (json::Value member = object.first(); member && !rows_.too_many(); member = member.next()) {
      const auto name = member.name();
      auto step = std::lower_bound(place.steps.begin(), place.steps.end(), name,
                                   [](const Step& s, std::string_view n) { return s.member < n; });
      for (; step != place.steps.end() && step->member == name; ++step) values(*step, member);
    }
  }

 private:
  void values(const Step& step, json::Value value) {
    if (!value.is_array()) return one(step, value);
    for (json::Value element = value.first(); element; element = element.next()) one(step, element);
  }

  void one(const Step& step, json::Value value) {
    if (!passes(step.filter, value, step.type, contained_)) return;
    for (const auto end : step.place.ends) rows_.add(plan_.params[end], step.type, value);
    object(step.place, value);
  }

  const Plan& plan_;
  Rows& rows_;
  Contained contained_;
};

Result<void> evaluate_general(const Plan& plan, json::Value resource, std::string_view type, Rows& rows) {
  PathContext context;
  context.resource = resource;
  context.resource_type = type;
  for (const auto& [param, expression] : plan.general) {
    auto items = expression.evaluate(context);
    // A resource may put two values where an expression expects one; that parameter then has no value.
    if (!items && items.error().is("path_type")) continue;
    if (!items) return std::unexpected(items.error());
    for (const PathItem& item : *items) {
      if (item.type.empty())
        rows.add_computed(plan.params[param], item);
      else
        rows.add(plan.params[param], item.type, item.value);
    }
  }
  return {};
}

}  // namespace

Result<store::IndexEntries> index(const json::Document& document, std::string_view type, std::string_view id,
                                  const IndexOptions& options) {
  const Plan* plan = index_plan::plan_of(type);
  if (!plan) return fail("unknown_type", "not a resource type of R4");
  const json::Value resource = document.root();
  Rows rows(options, index_plan::Groups(resource, type));
  Walk(*plan, rows, resource).object(plan->root, resource);
  if (auto done = evaluate_general(*plan, resource, type, rows); !done) return std::unexpected(done.error());
  if (type == "Patient") rows.add_patient(id);
  if (rows.too_many())
    return fail("index_too_large", fmt::format("the resource has more than {} values to index", options.entries_max));
  store::IndexEntries entries = std::move(rows).finish();
  if (options.words) index_plan::add_words(resource, entries);
  return entries;
}

}  // namespace ward::fhir
