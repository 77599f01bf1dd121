#include "forms.hpp"

#include "base/encoding.hpp"

#include <map>

namespace ward::access::detail {
namespace {

constexpr unsigned depth_max = 64;

void add_references(json::Value value, std::string& out) {
  for (json::Value child = value.first(); child; child = child.next()) {
    if (value.is_object() && child.name() == "reference" && child.is_string())
      append_json_string(out, child.text());
    else
      add_references(child, out);
  }
}

std::string form_of_list(const r4::Definition* definition, const Spec& spec, json::Value list, unsigned depth) {
  std::string out = "[";
  for (json::Value one = list.first(); one; one = one.next())
    out.append(shown_form(definition, spec, one, depth + 1)).append(",");
  return out + "]";
}

std::string form_of_object(const r4::Definition* definition, const Spec& spec, json::Value object, unsigned depth) {
  std::map<std::string, std::string> members;
  const bool refers = bool(object["reference"]);
  for (json::Value one = object.first(); one; one = one.next()) {
    if (refers && one.name() == "display") continue;
    const Spec child = definition == nullptr ? Spec{} : child_of(*definition, spec, one.name());
    if (hidden(child) || !child.cases.empty() || !child.alternatives.empty()) continue;
    const auto found = definition == nullptr ? std::nullopt : definition->find(one.name());
    members.emplace(one.name(), shown_form(found ? found->type->definition : nullptr, child, one, depth + 1));
  }
  std::string out = "{";
  for (const auto& [name, form] : members) {
    append_json_string(out, name);
    out.append(":").append(form).append(",");
  }
  return out + "}";
}

}  // namespace

bool hidden(const Spec& spec) { return spec.plain() && spec.self != Treatment::keep; }

Spec child_of(const r4::Definition& definition, const Spec& spec, std::string_view name) {
  const std::string_view base = name.starts_with('_') ? name.substr(1) : name;
  const auto found = definition.find(base);
  if (!found) return Spec{};
  const Spec child = spec.child(base, found->element->choice ? std::string(found->element->name) + "[x]" : "");
  if (name.starts_with('_') && !child.keeps_all()) {
    Spec gone;
    gone.self = Treatment::drop;
    return gone;
  }
  return child;
}

std::string shown_form(const r4::Definition* definition, const Spec& spec, json::Value value, unsigned depth) {
  if (depth > depth_max) return std::string(value.raw());
  if (value.is_array()) return form_of_list(definition, spec, value, depth);
  if (value.is_object()) return form_of_object(definition, spec, value, depth);
  std::string out;
  if (value.is_string())
    append_json_string(out, value.text());
  else
    out = value.raw();
  return out;
}

std::string references_in(json::Value value) {
  std::string out;
  add_references(value, out);
  return out;
}

}  // namespace ward::access::detail
