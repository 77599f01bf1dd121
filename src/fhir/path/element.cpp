#include "path/element.hpp"

#include "path/decimal.hpp"
#include "path/temporal.hpp"
#include "path/types.hpp"

#include <charconv>

namespace ward::fhir::path {
namespace {

PathItem element_item(json::Value value, json::Value extras, const r4::ElementType& type) {
  PathItem item;
  if (!type.definition && value.is_object()) return resource_item(value, type.code);
  item.value = value && value.type() == json::Type::null ? json::Value() : value;
  item.extras = extras.is_object() ? extras : json::Value();
  item.type = type.code;
  item.definition = type.definition;
  return item;
}

/// One JSON member, with its underscored twin, as items.
void append_member(json::Value value, json::Value extras, const r4::ElementType& type, PathItems& out) {
  if (!value.is_array() && !extras.is_array()) {
    out.push_back(element_item(value, extras, type));
    return;
  }
  json::Value element = value.is_array() ? value.first() : json::Value();
  json::Value extra = extras.is_array() ? extras.first() : json::Value();
  while (element || extra) {
    out.push_back(element_item(element, extra, type));
    element = element ? element.next() : element;
    extra = extra ? extra.next() : extra;
  }
}

bool is_primitive(const PathItem& item) { return item.definition && item.definition->kind == r4::Kind::primitive; }

json::Value underscored(json::Value object, std::string_view name) {
  std::array<char, 96> buffer;
  if (name.size() + 1 > buffer.size()) return {};
  buffer[0] = '_';
  std::ranges::copy(name, buffer.begin() + 1);
  return object[std::string_view(buffer.data(), name.size() + 1)];
}

/// Appends the member called exactly `member`.
bool append_named(const PathItem& parent, json::Value object, std::string_view member, PathItems& out) {
  const json::Value value = object[member];
  const json::Value extras = underscored(object, member);
  if (!value && !extras) return false;
  const auto found = parent.definition->find(member);
  if (!found || !found->type) return false;
  append_member(value, extras, *found->type, out);
  return true;
}

const r4::Element* choice_element(const r4::Definition& definition, std::string_view name) {
  for (const r4::Element& element : definition.elements) {
    if (element.choice && element.name == name) return &element;
  }
  return nullptr;
}

Computed quantity_of(json::Value object) {
  const auto value = object["value"];
  if (!value || value.type() != json::Type::number) return {};
  const auto decimal = parse_decimal(value.raw());
  if (!decimal) return {};
  Quantity quantity{*decimal, object.string("code"), false};
  if (quantity.unit.empty()) quantity.unit = object.string("unit");
  return quantity;
}

Computed number_of(json::Value value, std::string_view type) {
  if (type == "decimal") {
    const auto decimal = parse_decimal(value.raw());
    return decimal ? Computed(*decimal) : Computed();
  }
  const auto raw = value.raw();
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), whole);
  return error == std::errc() && end == raw.data() + raw.size() ? Computed(whole) : Computed();
}

Computed text_of(json::Value value, std::string_view type) {
  std::string text = value.text();
  std::optional<Temporal::Kind> kind;
  if (type == "date") kind = Temporal::date;
  if (type == "dateTime" || type == "instant") kind = Temporal::date_time;
  if (type == "time") kind = Temporal::time;
  if (kind) {
    if (auto temporal = parse_temporal(text, *kind)) return *temporal;
  }
  return text;
}

}  // namespace

PathItem resource_item(json::Value resource, std::string_view type) {
  PathItem item;
  item.value = resource;
  const std::string own = resource.string("resourceType");
  item.definition = r4::find_definition(own.empty() ? type : std::string_view(own));
  item.type = item.definition ? item.definition->name : "Resource";
  return item;
}

void append_children(const PathItem& parent, std::string_view name, PathItems& out) {
  if (const auto* type = std::get_if<TypeName>(&parent.computed)) {
    if (name == "name") out.push_back(make(type->name));
    if (name == "namespace") out.push_back(make(type->space));
    return;
  }
  if (!parent.definition) return;
  const json::Value object = is_primitive(parent) ? parent.extras : parent.value;
  if (!object.is_object()) return;
  if (append_named(parent, object, name, out)) return;
  const r4::Element* choice = choice_element(*parent.definition, name);
  if (!choice) return;
  for (json::Value member = object.first(); member; member = member.next()) {
    std::string_view member_name = member.name();
    const bool extras_only = member_name.starts_with('_') && !object[member_name.substr(1)];
    if (extras_only) member_name.remove_prefix(1);
    if (member_name.size() <= name.size() || !member_name.starts_with(name)) continue;
    const auto found = parent.definition->find(member_name);
    if (found && found->element == choice) append_named(parent, object, member_name, out);
  }
}

void append_all_children(const PathItem& parent, PathItems& out) {
  if (!parent.definition) return;
  const json::Value object = is_primitive(parent) ? parent.extras : parent.value;
  if (!object.is_object()) return;
  for (json::Value member = object.first(); member; member = member.next()) {
    std::string_view name = member.name();
    if (name == "resourceType") continue;
    if (name.starts_with('_')) {
      name.remove_prefix(1);
      if (object[name]) continue;
    }
    append_named(parent, object, name, out);
  }
}

bool may_have(const PathItem& parent, std::string_view name) {
  return !parent.definition || parent.definition->find(name) || choice_element(*parent.definition, name);
}

Computed value_of(const PathItem& item) {
  if (item.type.empty()) return item.computed;
  if (!item.value) return {};
  switch (item.value.type()) {
    case json::Type::boolean:
      return item.value.boolean();
    case json::Type::number:
      return number_of(item.value, item.type);
    case json::Type::string:
      return text_of(item.value, item.type);
    case json::Type::object:
      return is_quantity(item.type) ? quantity_of(item.value) : Computed();
    default:
      return {};
  }
}

PathItem make(Computed value) {
  PathItem item;
  item.computed = std::move(value);
  return item;
}

std::string_view referenced_type(const PathItem& item, std::string& scratch) {
  std::string reference;
  if (item.value.is_object())
    reference = item.value.string("reference");
  else if (item.value.is_string())
    reference = item.value.text();
  else if (const auto* text = std::get_if<std::string>(&item.computed))
    reference = *text;
  scratch.clear();
  std::string_view rest = reference;
  rest = rest.substr(0, rest.find_first_of("?#|"));
  if (const auto history = rest.find("/_history/"); history != rest.npos) rest = rest.substr(0, history);
  const auto id = rest.rfind('/');
  if (id != rest.npos && id > 0) {
    const auto before = rest.rfind('/', id - 1);
    scratch = rest.substr(before == rest.npos ? 0 : before + 1, id - (before == rest.npos ? 0 : before + 1));
  } else if (reference.find('?') != reference.npos) {
    scratch = rest;
  }
  if (!r4::is_resource_type(scratch)) scratch = item.value.is_object() ? item.value.string("type") : std::string();
  return scratch;
}

}  // namespace ward::fhir::path
