// Where an extension of HL7's may stand, and what it may hold (R4 2.4.0, defining extensions: contexts).
#include "path/types.hpp"
#include "r4/terminology.hpp"
#include "validate_walk.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace ward::fhir {
namespace {

bool is_resource(std::string_view type) { return r4::is_resource_type(type); }

/// True if `context` names where the owner of the extension stands: its path, its type, or one that its type
/// specialises.
bool stands_at(std::string_view context, const Place& owner, std::string_view owner_url) {
  if (context == "Element" || context == "*") return true;
  if (context == owner.path || context == owner_url) return true;
  if (context == "BackboneElement" && owner.type.contains('.')) return true;
  if (context == "Resource") return is_resource(owner.type);
  for (std::string_view type = owner.type; !type.empty(); type = path::base_type(type)) {
    if (context == type) return true;
  }
  return false;
}

/// HL7 puts these elsewhere in its own publication of R4.
bool stands_anywhere(std::string_view url) {
  static constexpr std::string_view urls[] = {"structuredefinition-fhir-type", "structuredefinition-normative-version",
                                              "regex", "translation", "valueset-concept-comments"};
  const std::string_view name = url.substr(url.rfind('/') + 1);
  return std::ranges::find(urls, name) != std::end(urls);
}

/// The type of value[x]; "" if there is none.
std::string_view value_type(json::Value extension) {
  const r4::Definition* const definition = r4::find_definition("Extension");
  for (json::Value member = extension.first(); member; member = member.next()) {
    const std::string_view name = member.name();
    if (!name.starts_with("value")) continue;
    const auto found = definition->find(name);
    if (found) return found->type->code;
  }
  return {};
}

}  // namespace

void Walk::extension_definition(json::Value value, const Place& place) {
  if (place.parent == nullptr) return;
  const json::Value url = value["url"];
  if (!url.is_string()) return;
  const std::string_view text = url.text(scratch_);
  if (text.starts_with("http") && text.contains('|'))
    return issue(url, "value", {&place, "url"}, "an extension's url must not say a version");
  const r4::ExtensionDefinition* const known = r4::find_extension(text);
  if (known == nullptr) return;
  bool fits = known->contexts() == 0 || stands_anywhere(known->url());
  for (std::size_t i = 0; i < known->contexts() && !fits; ++i)
    fits = stands_at(known->context(i), *place.parent, place.parent->url);
  if (!fits && !is_full()) {
    std::string allowed;
    for (std::size_t i = 0; i < known->contexts() && i < 8; ++i)
      allowed += fmt::format("{}{}", i > 0 ? ", " : "", known->context(i));
    issue(value, "structure", place,
          fmt::format("the extension {} does not belong here; allowed: {}", known->url(), allowed));
  }
  const std::string_view given = value_type(value);
  if (given.empty()) return;
  bool right = false;
  for (std::size_t i = 0; i < known->types() && !right; ++i) right = known->type(i) == given;
  if (!right)
    issue(value, "structure", place,
          known->types() == 0 ? fmt::format("the extension {} holds extensions, not a value", known->url())
                              : fmt::format("the extension {} does not hold a {}", known->url(), given));
}

}  // namespace ward::fhir
