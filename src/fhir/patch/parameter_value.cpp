#include "patch/parameter_value.hpp"

#include "base/encoding.hpp"

#include <vector>

namespace ward::fhir::patch {
namespace {

/// The value[x] of a part; absent if there is none, or if what it says is not all in it.
json::Value plain_value(json::Value part) {
  json::Value found;
  for (json::Value one = part.first(); one; one = one.next()) {
    if (one.name().starts_with("_value")) return {};
    if (one.name().starts_with("value")) found = one;
  }
  return found;
}

struct Group {
  Member member;
  std::vector<std::string> values;
};

std::string object_of(const std::vector<Group>& groups) {
  std::string text = "{";
  for (const Group& group : groups) {
    if (text.size() > 1) text += ',';
    append_json_string(text, group.member.name);
    text += group.member.list() ? ":[" : ":";
    for (const std::string& value : group.values) {
      if (&value != &group.values.front()) text += ',';
      text += value;
    }
    if (group.member.list()) text += ']';
  }
  return text + "}";
}

std::optional<std::string> anonymous(json::Value parts, const r4::Definition& definition) {
  std::vector<Group> groups;
  for (json::Value one = parts.first(); one; one = one.next()) {
    auto member = member_for(definition, one.string("name"), one);
    if (!member) return std::nullopt;
    auto value = value_text(one, member->definition);
    if (!value) return std::nullopt;
    const auto same = std::ranges::find(groups, member->name, [](const Group& group) { return group.member.name; });
    if (same == groups.end())
      groups.push_back({std::move(*member), {std::move(*value)}});
    else if (same->member.list())
      same->values.push_back(std::move(*value));
    else
      return std::nullopt;
  }
  return object_of(groups);
}

}  // namespace

std::optional<Member> member_for(const r4::Definition& definition, std::string_view name, json::Value part) {
  if (name.starts_with('_')) return std::nullopt;
  if (const auto found = definition.find(name))
    return Member{std::string(name), found->element, found->type->definition};
  const json::Value value = plain_value(part);
  if (!value) return std::nullopt;
  const std::string choice = std::string(name) + std::string(value.name().substr(std::string_view("value").size()));
  const auto found = definition.find(choice);
  if (!found || !found->element->choice || found->element->name != name) return std::nullopt;
  return Member{choice, found->element, found->type->definition};
}

std::optional<std::string> value_text(json::Value part, const r4::Definition* definition) {
  if (part["resource"]) return std::string(part["resource"].raw());
  if (const json::Value value = plain_value(part)) return std::string(value.raw());
  const json::Value parts = part["part"];
  if (!parts.is_array() || definition == nullptr || parts.size() == 0) return std::nullopt;
  return anonymous(parts, *definition);
}

}  // namespace ward::fhir::patch
