#include "validate_walk.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>

namespace ward::fhir {

namespace {

constexpr std::size_t elements_max = 128;  // of one definition; R4's largest has 60

/// A member name is repeated to the sender only if it looks like one: anything else could be a misplaced value.
bool is_name(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, plain);
}

/// Of a backbone element the place that defines it, also where it stands deeper ("Questionnaire.item" in an item).
std::string_view type_name(const r4::ElementType& type) {
  return type.definition != nullptr ? type.definition->name : type.code;
}

bool is_primitive(const r4::ElementType& type) {
  return type.definition != nullptr && type.definition->kind == r4::Kind::primitive;
}

/// Identifiers and versions are strings in FHIR, but no prose.
bool is_prose(const r4::Element& element) {
  return element.name != "id" && element.name != "version" && element.name != "versionId" &&
         element.path != "Identifier.value" && element.path != "ContactPoint.value";
}

bool is_clinical(Primitive type, const r4::Element& element) {
  const bool text = type == Primitive::string || type == Primitive::markdown || type == Primitive::xhtml;
  return text && is_prose(element);
}

}  // namespace

std::string Place::expression() const {
  std::string out = parent == nullptr ? std::string() : parent->expression();
  if (name.empty()) return out;
  if (!out.empty()) out += '.';
  out += name;
  if (index >= 0) out += fmt::format("[{}]", index);
  return out;
}

bool Walk::is_full() {
  if (reading_.issues.size() < options_.issues_max) return false;
  ++reading_.issues_left_out;
  return true;
}

void Walk::issue(std::size_t offset, std::string_view code, const Place& place, std::string diagnostics) {
  if (is_full()) return;
  Issue& added = reading_.issues.emplace_back();
  added.code = code;
  added.expression = place.expression();
  added.diagnostics = added.expression.empty() ? std::move(diagnostics) : added.expression + ": " + diagnostics;
  offsets_.push_back(offset);
}

void Walk::warn(json::Value at, std::string_view code, const Place& place, std::string diagnostics) {
  if (!options_.warnings || reading_.warnings.size() >= options_.issues_max) return;
  Issue& added = reading_.warnings.emplace_back();
  added.severity = "warning";
  added.code = code;
  added.expression = place.expression();
  added.diagnostics = added.expression + ": " + diagnostics;
  warning_offsets_.push_back(at.begin());
}

void Walk::resource(json::Value value, const Place& place, Container* container) {
  if (!value.is_object()) return issue(value, "structure", place, "a resource must be a JSON object");
  const json::Value type = value["resourceType"];
  if (!type) return issue(value, "required", place, "resourceType is missing");
  const r4::Definition* const definition = type.is_string() ? r4::find_definition(type.text(scratch_)) : nullptr;
  if (definition == nullptr || definition->kind != r4::Kind::resource) {
    return issue(type, "value", place, "resourceType must name a resource type of FHIR R4");
  }
  const bool is_root = place.parent == nullptr;
  const Place root{nullptr, definition->name, -1, definition->name, definition->name};
  const Place inner{place.parent, place.name, place.index, definition->name, definition->name};
  if (is_root) {
    reading_.definition = definition;
    if (!options_.expected_type.empty() && options_.expected_type != definition->name) {
      issue(type, "invalid", root, fmt::format("the URL names {}", options_.expected_type));
    }
    if (const json::Value id = value["id"]; id.is_string() && is_id(id.text(scratch_))) reading_.id = id.text();
  }
  Container own(value);
  const Place& here = is_root ? root : inner;
  object(value, *definition, here, container == nullptr ? own : *container);
  whole(value, *definition, here);
  if (container == nullptr && options_.warnings) unused_contained(value, own, here);
}

void Walk::object(json::Value value, const r4::Definition& definition, const Place& place, Container& container) {
  WARD_ASSERT(definition.elements.size() <= elements_max);
  std::array<bool, elements_max> seen{};
  bool any = false;
  for (json::Value child = value.first(); child; child = child.next()) {
    std::string_view name = child.name();
    if (definition.kind == r4::Kind::resource && name == "resourceType") continue;
    any = true;
    const bool is_sibling = name.starts_with('_');
    if (is_sibling) name.remove_prefix(1);
    const auto found = definition.find(name);
    if (!found || (is_sibling && !is_primitive(*found->type))) {
      unknown(child, definition, place);
      continue;
    }
    const Place inner{&place, found->element->name, -1, found->element->path, type_name(*found->type)};
    bool& was_seen = seen[static_cast<std::size_t>(found->element - definition.elements.data())];
    if (was_seen && found->element->choice) choice_again(child, value, *found, inner);
    was_seen = true;
    if (is_sibling)
      sibling(child, value, *found, inner, container);
    else
      member(child, value, *found, inner, container);
  }
  if (!any)
    issue(value, "structure", place, "an element must not be empty");
  else
    missing(value, definition, seen.data(), place);
}

/// A choice was met before: right only as value and "_" sibling of one type.
void Walk::choice_again(json::Value child, json::Value object, const r4::Definition::Found& found, const Place& place) {
  std::string_view name = child.name();
  if (name.starts_with('_')) name.remove_prefix(1);
  for (json::Value other = object.first(); other && other.begin() != child.begin(); other = other.next()) {
    std::string_view earlier = other.name();
    if (earlier.starts_with('_')) earlier.remove_prefix(1);
    const bool same_choice = earlier.size() > found.element->name.size() && earlier.starts_with(found.element->name) &&
                             earlier != name && !(earlier[found.element->name.size()] >= 'a');
    if (!same_choice) continue;
    return issue(child.name_begin(), "structure", place,
                 fmt::format("only one of the types of {}[x] may be used", found.element->name));
  }
}

void Walk::missing(json::Value value, const r4::Definition& definition, const bool* seen, const Place& place) {
  for (std::size_t i = 0; i < definition.elements.size(); ++i) {
    const r4::Element& element = definition.elements[i];
    if (element.min == 0 || seen[i] || is_full()) continue;
    issue(value, "required", place, fmt::format("{}{} is required", element.name, element.choice ? "[x]" : ""));
  }
}

void Walk::unknown(json::Value member, const r4::Definition& definition, const Place& place) {
  if (is_full()) return;
  const std::string_view name = member.name();
  issue(member.name_begin(), "structure", place,
        is_name(name) ? fmt::format("{} has no element \"{}\"", definition.name, name)
                      : fmt::format("{} has no element of this name", definition.name));
}

void Walk::member(json::Value value, json::Value object, const r4::Definition::Found& found, const Place& place,
                  Container& container) {
  const r4::Element& element = *found.element;
  if (element.max == 1) {
    if (value.is_array()) return issue(value, "structure", place, "must be a single value, not an array");
    return one(value, found, place, container);
  }
  if (!value.is_array()) return issue(value, "structure", place, "must be an array");
  if (value.size() == 0) return issue(value, "structure", place, "an array must not be empty");
  if (value.size() > element.max) {
    issue(value, "structure", place, fmt::format("at most {} of these are allowed", element.max));
  }
  bool has_null = false;
  int index = 0;
  for (json::Value item = value.first(); item; item = item.next(), ++index) {
    const bool fills_gap = item.type() == json::Type::null && is_primitive(*found.type);
    has_null = has_null || fills_gap;
    if (!fills_gap) one(item, found, {place.parent, place.name, index, place.path, place.type}, container);
  }
  if (has_null) nulls(value, object["_" + std::string(value.name())], place);
}

/// A null in an array of primitives holds the place of one that has only extensions, in the "_" array.
void Walk::nulls(json::Value array, json::Value siblings, const Place& place) {
  json::Value sibling = siblings.is_array() ? siblings.first() : json::Value();
  int index = 0;
  for (json::Value item = array.first(); item; item = item.next(), ++index) {
    if (item.type() == json::Type::null && !sibling.is_object()) {
      issue(item, "structure", {place.parent, place.name, index},
            "null needs an object at its place in the \"_\" array");
    }
    if (sibling) sibling = sibling.next();
  }
}

/// "_birthDate": id and extensions of a primitive; an array of them, with null for none, where the primitive repeats.
void Walk::sibling(json::Value value, json::Value object, const r4::Definition::Found& found, const Place& place,
                   Container& container) {
  const r4::Definition& definition = *found.type->definition;
  const auto extensions = [&](json::Value item, const Place& at) {
    if (!item.is_object())
      return issue(item, "structure", at, "the \"_\" member must be an object with id or extension");
    this->object(item, definition, at, container);
  };
  if (found.element->max == 1) return extensions(value, place);
  if (!value.is_array() || value.size() == 0) {
    return issue(value, "structure", place, "the \"_\" member of a repeating element must be an array, not empty");
  }
  const json::Value primitives = object[value.name().substr(1)];
  if (primitives.is_array() && primitives.size() < value.size()) {
    issue(value, "structure", place, "the \"_\" array must not be longer than the array of values");
  }
  bool any = false;
  int index = 0;
  for (json::Value item = value.first(); item; item = item.next(), ++index) {
    if (item.type() == json::Type::null) continue;
    any = true;
    extensions(item, {place.parent, place.name, index, place.path, place.type});
  }
  if (!any) issue(value, "structure", place, "the \"_\" array must not hold only nulls");
}

void Walk::one(json::Value value, const r4::Definition::Found& found, const Place& place, Container& container) {
  if (value.type() == json::Type::null) return issue(value, "structure", place, "must not be null");
  if (is_primitive(*found.type)) return primitive(value, found, place, container);
  if (found.type->definition == nullptr) {
    return found.element->name == "contained" ? contained_resource(value, place, container)
                                              : resource(value, place, nullptr);
  }
  if (!value.is_object())
    return issue(value, "structure", place, fmt::format("must be an object ({})", found.type->code));
  std::string url;
  Place here = place;
  if (found.type->code == "Extension" && value["url"].is_string()) url = value["url"].text(), here.url = url;
  object(value, *found.type->definition, here, container);
  rules(value, found, place, container);
}

void Walk::primitive(json::Value value, const r4::Definition::Found& found, const Place& place, Container& container) {
  const Primitive type = primitive_of(found.type->code);
  const std::string_view text = is_text(type) ? value.text(scratch_) : value.raw();
  if (const PrimitiveProblem* const problem = primitive_problem(type, value, text)) {
    return issue(value, problem->code, place, problem->rule);
  }
  const r4::Element& element = *found.element;
  const bool may_refer = type == Primitive::uri || type == Primitive::canonical || type == Primitive::url;
  if (options_.warnings && may_refer && text.starts_with('#')) container.use(text.substr(1));
  if (type == Primitive::xhtml) return narrative(value, place);
  if (type == Primitive::code && element.value_set != nullptr) return code_binding(value, text, element, place);
  const bool is_literal = element.path == "Reference.reference";  // judged as a reference, in validate_rules.cpp
  if (!is_literal && is_free(type, text))
    reading_.free_values.push_back({value, element.path, is_clinical(type, element)});
}

}  // namespace ward::fhir
