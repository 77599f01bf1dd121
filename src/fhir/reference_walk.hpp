// Every Reference.reference, and every element of a kind of URI, of a resource, by r4's types.
#pragma once

#include "json/json.hpp"
#include "r4/r4.hpp"

#include <string_view>

namespace ward::fhir {

enum class LinkKind : std::uint8_t { reference, uri };

/// Calls visit(LinkKind, json::Value string) in the order of the source; contained resources and Bundle entries
/// included.
template <class Visit>
void walk_links(json::Value object, const r4::Definition* definition, Visit& visit);

template <class Visit>
void walk_link_member(json::Value value, const r4::ElementType& type, Visit& visit) {
  if (value.is_array()) {
    for (json::Value element = value.first(); element; element = element.next()) walk_link_member(element, type, visit);
  } else if (value.is_object()) {
    walk_links(value, type.definition, visit);
  } else if (value.is_string()) {
    const std::string_view code = type.code;
    if (code == "uri" || code == "url" || code == "canonical" || code == "oid" || code == "uuid")
      visit(LinkKind::uri, value);
  }
}

template <class Visit>
void walk_links(json::Value object, const r4::Definition* definition, Visit& visit) {
  if (!definition) definition = r4::find_definition(object.string("resourceType"));
  if (!definition) return;
  const bool reference = definition->name == "Reference";
  for (json::Value member = object.first(); member; member = member.next()) {
    std::string_view name = member.name();
    if (name.starts_with('_')) name.remove_prefix(1);  // extensions of a primitive
    if (reference && name == "reference" && member.is_string())
      visit(LinkKind::reference, member);
    else if (const auto found = definition->find(name); found && found->type)
      walk_link_member(member, *found->type, visit);
  }
}

}  // namespace ward::fhir
