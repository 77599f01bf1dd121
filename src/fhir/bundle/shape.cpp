// A resource changed by span: its id, and the parts of it that _summary and _elements leave.
#include "bundle.hpp"
#include "bundle/edits.hpp"

#include "base/encoding.hpp"

namespace ward::fhir {
namespace {

// http://hl7.org/fhir/R4/resource.html, "Redaction": a part of a resource is marked as such.
constexpr std::string_view subsetted =
    R"({"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"})";

void write_name(Buffer& out, std::string_view name, bool& any) {
  if (any) out.push_back(',');
  any = true;
  out.append(json_string(name));
  out.push_back(':');
}

/// meta with the tag in front of its others.
void write_meta(Buffer& out, json::Value meta) {
  if (meta && meta.raw().find("\"SUBSETTED\"") != std::string_view::npos) return out.append(meta.raw());
  bool any = false, tagged = false;
  out.push_back('{');
  for (json::Value member = meta.first(); member; member = member.next()) {
    write_name(out, member.name(), any);
    if (member.name() != "tag" || !member.is_array()) {
      out.append(member.raw());
      continue;
    }
    tagged = true;
    out.push_back('[');
    out.append(subsetted);
    for (json::Value tag = member.first(); tag; tag = tag.next()) {
      out.push_back(',');
      out.append(tag.raw());
    }
    out.push_back(']');
  }
  if (!tagged) {
    write_name(out, "tag", any);
    out.push_back('[');
    out.append(subsetted);
    out.push_back(']');
  }
  out.push_back('}');
}

/// The element a member belongs to; "_birthDate" belongs to birthDate.
std::optional<r4::Definition::Found> find_element(const r4::Definition& definition, std::string_view member) {
  return definition.find(member.starts_with('_') ? member.substr(1) : member);
}

/// The top level of a resource with the members that `keep` wants, each written by `write`.
template <class Keep, class Write>
Buffer reduce(json::Value resource, const r4::Definition& definition, Keep keep, Write write) {
  Buffer out;
  out.reserve(resource.raw().size() + 256);
  out.push_back('{');
  bool any = false;
  const json::Value meta = resource["meta"];
  const auto add_meta = [&] {
    write_name(out, "meta", any);
    write_meta(out, meta);
  };
  for (json::Value member = resource.first(); member; member = member.next()) {
    const auto name = member.name();
    if (name == "meta") {
      if (member.is_object()) add_meta();
    } else if (name == "resourceType" || name == "id") {
      write_name(out, name, any);
      out.append(member.raw());
      if (name == "resourceType" && !meta.is_object()) add_meta();
    } else if (const auto found = find_element(definition, name); found && keep(*found->element)) {
      write(out, member, *found, any);
    }
  }
  out.push_back('}');
  return out;
}

void write_whole(Buffer& out, json::Value member, const r4::Definition::Found&, bool& any) {
  write_name(out, member.name(), any);
  out.append(member.raw());
}

bool in_summary(const r4::Element& element) { return element.summary || element.min > 0; }

void write_summary(Buffer& out, json::Value member, const r4::Definition::Found& found, bool& any);

/// True if anything of the object was kept.
bool write_summary_object(Buffer& out, json::Value object, const r4::Definition& definition) {
  bool any = false;
  out.push_back('{');
  for (json::Value member = object.first(); member; member = member.next()) {
    const auto found = find_element(definition, member.name());
    if (found && in_summary(*found->element)) write_summary(out, member, *found, any);
  }
  out.push_back('}');
  return any;
}

void write_summary_value(Buffer& out, json::Value value, const r4::Definition* definition) {
  if (value.is_array()) {
    out.push_back('[');
    for (json::Value element = value.first(); element; element = element.next()) {
      write_summary_value(out, element, definition);
      if (element.next()) out.push_back(',');
    }
    out.push_back(']');
    return;
  }
  const std::size_t start = out.size();
  if (value.is_object() && definition && definition->kind != r4::Kind::resource) {
    if (write_summary_object(out, value, *definition)) return;
    out.resize(start);  // an element of extensions only stays as it is: {} is no element
  }
  out.append(value.raw());
}

void write_summary(Buffer& out, json::Value member, const r4::Definition::Found& found, bool& any) {
  write_name(out, member.name(), any);
  if (member.name().starts_with('_'))
    out.append(member.raw());
  else
    write_summary_value(out, member, found.type ? found.type->definition : nullptr);
}

Buffer copy(json::Value resource) { return Buffer(resource.raw()); }

}  // namespace

Buffer set_id(json::Value resource, std::string_view id) {
  bundle::Edits edits(resource);
  const json::Value known = resource["id"];
  const json::Value type = resource["resourceType"];
  if (known)
    edits.replace(known, json_string(id));
  else if (type)
    edits.insert(type.end(), fmt::format(",\"id\":{}", json_string(id)));
  else
    edits.insert(resource.begin() + 1, fmt::format("\"id\":{}{}", json_string(id), resource.size() > 0 ? "," : ""));
  return edits.apply();
}

Buffer summarize(json::Value resource, std::string_view type, Summary summary) {
  const r4::Definition* definition = r4::find_definition(type);
  if (!definition || summary == Summary::none || summary == Summary::count) return copy(resource);
  if (summary == Summary::yes) return reduce(resource, *definition, in_summary, write_summary);
  if (summary == Summary::data)
    return reduce(resource, *definition, [](const r4::Element& e) { return e.name != "text"; }, write_whole);
  return reduce(resource, *definition, [](const r4::Element& e) { return e.name == "text" || e.min > 0; }, write_whole);
}

Buffer only_elements(json::Value resource, std::string_view type, std::span<const std::string> elements) {
  const r4::Definition* definition = r4::find_definition(type);
  if (!definition) return copy(resource);
  const auto keep = [&](const r4::Element& element) {
    return element.min > 0 || element.modifier || std::ranges::find(elements, element.name) != elements.end();
  };
  return reduce(resource, *definition, keep, write_whole);
}

}  // namespace ward::fhir
