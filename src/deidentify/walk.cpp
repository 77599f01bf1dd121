#include "walk.hpp"

#include "terminology.hpp"

#include "base/encoding.hpp"

#include <algorithm>

namespace ward::deidentify {
namespace {

constexpr std::string_view masked =
    R"({"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]})";

bool is_primitive(const r4::ElementType& type) {
  return type.definition != nullptr && type.definition->kind == r4::Kind::primitive;
}

bool is_identifier_part(std::string_view name) { return name == "resourceType" || name == "id" || name == "meta"; }

/// "https://ehr.example/fhir" of "https://ehr.example/fhir/Patient/1"; empty if it does not end like a resource.
std::string base_of(std::string_view url) {
  const std::size_t id = url.rfind('/');
  if (!url.starts_with("http") || id == std::string_view::npos || id == 0) return {};
  const std::size_t type = url.rfind('/', id - 1);
  if (type == std::string_view::npos || !r4::is_resource_type(url.substr(type + 1, id - type - 1))) return {};
  return std::string(url.substr(0, type));
}

}  // namespace

Walk::Walk(Engine& in, const Whose& whose, Counts& counts)
    : in_(in), whose_(whose), counts_(counts), bases_(in.settings.own_bases) {}

Walk::Special Walk::special(std::string_view type) {
  static constexpr std::pair<std::string_view, Special> table[] = {
      {"Reference", &Walk::reference},         {"Address", &Walk::address},     {"Coding", &Walk::coding},
      {"Quantity", &Walk::quantity},           {"Age", &Walk::quantity},        {"Count", &Walk::quantity},
      {"Distance", &Walk::quantity},           {"Duration", &Walk::quantity},   {"SimpleQuantity", &Walk::quantity},
      {"MoneyQuantity", &Walk::quantity},      {"Narrative", &Walk::narrative}, {"Attachment", &Walk::attachment},
      {"Identifier", &Walk::identifier},       {"Extension", &Walk::extension}, {"HumanName", &Walk::dropped_name},
      {"ContactPoint", &Walk::dropped_contact}};
  for (const auto& [name, function] : table)
    if (name == type) return function;
  return nullptr;
}

void Walk::begin(char open) {
  if (!out_.empty() && !std::string_view("{[:").contains(out_.view().back())) out_.push_back(',');
  out_.push_back(open);
}
void Walk::end(char close) { out_.push_back(close); }
void Walk::name(std::string_view name) {
  if (!out_.empty() && !std::string_view("{[:").contains(out_.view().back())) out_.push_back(',');
  out_.append(json_string(name));
  out_.push_back(':');
}
void Walk::raw(std::string_view value) {
  if (!out_.empty() && !std::string_view("{[:").contains(out_.view().back())) out_.push_back(',');
  out_.append(value);
}
void Walk::text(std::string_view name_, std::string_view value) {
  name(name_);
  out_.append(json_string(value));
}
bool Walk::back(std::size_t mark) {
  out_.resize(mark);
  return false;
}

bool Walk::resource(json::Value value, Where where) {
  const r4::Definition* const definition = r4::find_definition(value.string("resourceType"));
  if (definition == nullptr || definition->kind != r4::Kind::resource) {
    ++counts_.unknown;
    return false;
  }
  if (where == Where::outermost) shift_ = shift_of_patient();
  if (value["modifierExtension"].size() > 0) {
    lost_modifier_ |= where == Where::outermost;
    ++counts_.unknown;
    return false;
  }
  if (definition->name == "Bundle")
    for (json::Value entry = value["entry"].is_array() ? value["entry"].first() : json::Value(); entry;
         entry = entry.next())
      if (std::string base = base_of(entry.string("fullUrl")); !base.empty()) bases_.push_back(std::move(base));
  const std::string id = value.string("id");
  begin('{');
  text("resourceType", definition->name);
  if (where == Where::contained) {
    if (!id.empty()) text("id", in_.pseudonym("#", owner_, id));
  } else {
    owner_ = std::string(definition->name) + "/" + id;
    if (!id.empty()) text("id", in_.pseudonym("id", definition->name, id));
    name("meta");
    meta(value["meta"]);
  }
  if (!id.empty()) counts_.add(Identifier::other);
  members(value, *definition);
  end('}');
  return true;
}

/// False, and nothing written, if nothing of it stays.
bool Walk::object(json::Value value, const r4::Definition& definition) {
  if (!value.is_object()) {
    ++counts_.unknown;
    return false;
  }
  if (value["modifierExtension"].size() > 0) {  // without it, what remains could say the opposite
    ++counts_.unknown;
    return false;
  }
  const std::size_t before = mark();
  begin('{');
  if (!members(value, definition)) return back(before);
  end('}');
  return true;
}

bool Walk::members(json::Value value, const r4::Definition& definition) {
  std::vector<bool> seen(definition.elements.size());
  bool any = false;
  for (json::Value child = value.first(); child; child = child.next()) {
    std::string_view plain = child.name();
    if (definition.kind == r4::Kind::resource ? is_identifier_part(plain) : plain == "id") continue;
    const bool is_sibling = plain.starts_with('_');
    if (is_sibling) plain.remove_prefix(1);
    const auto found = definition.find(plain);
    if (!found || (is_sibling && !is_primitive(*found->type))) {
      ++counts_.unknown;
      continue;
    }
    const Place place{&definition, found->element};
    bool written = false;
    if (is_sibling)
      written = sibling(child);
    else
      written = member(child, place, *found->type);
    if (!written) continue;
    any = true;
    seen[static_cast<std::size_t>(found->element - definition.elements.data())] = true;
  }
  if (any || definition.kind == r4::Kind::resource) mask_missing(value, definition, seen);
  return any;
}

bool Walk::member(json::Value child, const Place& place, const r4::ElementType& type) {
  if (const auto gone = class_of_dropped(place.element->path)) {
    counts_.add(*gone);
    return false;
  }
  const std::size_t before = mark();
  if (type.code == "instant" && child.is_string() && in_.settings.form == Form::safe_harbor)
    return year_of_instant(child);
  name(child.name());
  if (!child.is_array()) return item(child, place, type) || back(before);
  begin('[');
  bool any = false;
  for (json::Value one = child.first(); one; one = one.next()) any |= item(one, place, type);
  if (!any) return back(before);
  end(']');
  return true;
}

bool Walk::item(json::Value value, const Place& place, const r4::ElementType& type) {
  around_ = place.definition->name;
  if (type.definition == nullptr)
    return value.is_object() && resource(value, place.element->name == "contained" ? Where::contained : Where::entry);
  if (is_primitive(type)) return primitive(value, place, type.code);
  if (const Special treat = special(type.code)) {
    if (value.is_object()) return (this->*treat)(value);
    ++counts_.unknown;
    return false;
  }
  return object(value, *type.definition);
}

/// The extensions of a primitive. Those of a repeated one go: their places would no longer tell what they belong to.
bool Walk::sibling(json::Value value) {
  const std::size_t before = mark();
  name(value.name());
  if (!value.is_object()) return back(before);
  begin('{');
  if (!extensions(value["extension"])) return back(before);
  end('}');
  return true;
}

void Walk::mask(std::string_view member_name, const r4::Element& element, const r4::ElementType& type) {
  if (type.definition == nullptr) return;
  name(is_primitive(type) ? "_" + std::string(member_name) : std::string(member_name));
  if (element.max > 1) begin('[');
  raw(masked);
  if (element.max > 1) end(']');
}

void Walk::mask_missing(json::Value value, const r4::Definition& definition, const std::vector<bool>& seen) {
  for (std::size_t i = 0; i < definition.elements.size(); ++i) {
    const r4::Element& element = definition.elements[i];
    if (element.min == 0 || seen[i]) continue;
    if (!element.choice) {
      mask(element.name, element, element.types.front());
      continue;
    }
    for (json::Value child = value.first(); child; child = child.next()) {
      const auto found = definition.find(child.name());
      if (!found || found->element != &element) continue;
      mask(child.name(), element, *found->type);
      break;
    }
  }
}

}  // namespace ward::deidentify
