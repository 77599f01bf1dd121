#include "patch/place.hpp"

namespace ward::fhir::patch {
namespace {

bool within(json::Value inner, json::Value outer) {
  return outer.begin() <= inner.begin() && inner.end() <= outer.end();
}

bool only_nulls(json::Value list) {
  for (json::Value one = list.first(); one; one = one.next())
    if (one.type() != json::Type::null) return false;
  return true;
}

json::Value container(const Draft& draft, const Pointer& place) {
  return find(draft.root(), std::span(place).first(place.size() - 1));
}

bool remove_at(Draft& draft, const Pointer& place) {
  const json::Value old = find(draft.root(), place);
  return !old || draft.remove(container(draft, place), old);
}

Pointer item_of(Pointer list, std::size_t index) {
  list.push_back(std::to_string(index));
  return list;
}

/// A primitive and its twin are one place, named by the primitive; what is inside the twin is none of that.
void untwin(json::Value root, Pointer& place) {
  if (place.empty()) return;
  const std::size_t last = place.size() - 1;
  if (place[last].starts_with('_'))
    place[last].erase(0, 1);
  else if (last > 0 && place[last - 1].starts_with('_') && find(root, std::span(place).first(last)).is_array())
    place[last - 1].erase(0, 1);
}

}  // namespace

std::optional<Pointer> locate(json::Value root, json::Value value) {
  Pointer place;
  json::Value at = root;
  while (at.begin() != value.begin() || at.end() != value.end()) {
    std::size_t index = 0;
    json::Value child = at.first();
    for (; child && !within(value, child); child = child.next()) ++index;
    if (!child) return std::nullopt;
    place.push_back(at.is_array() ? std::to_string(index) : std::string(child.name()));
    at = child;
  }
  untwin(root, place);
  return place;
}

const r4::Definition* definition_at(json::Value root, std::span<const std::string> place) {
  const r4::Definition* definition = nullptr;
  json::Value at = root;
  for (std::size_t i = 0;; ++i) {
    // A resource inside says itself what it is.
    if (const std::string type = at.string("resourceType"); !type.empty()) definition = r4::find_definition(type);
    if (i == place.size()) return definition;
    if (at.is_object()) {
      const auto found = definition == nullptr ? std::nullopt : definition->find(place[i]);
      definition = found ? found->type->definition : nullptr;
    }
    at = find(at, place.subspan(i, 1));
  }
}

std::optional<Pointer> list_of(json::Value root, const Pointer& place) {
  if (place.empty()) return std::nullopt;
  Pointer list = place;
  list.pop_back();
  if (!find(root, list).is_array()) return std::nullopt;
  return list;
}

Pointer twin_of(Pointer member) {
  member.back().insert(0, "_");
  return member;
}

bool insert_item(Draft& draft, const Pointer& list, std::size_t index, std::string_view raw, std::string_view twin) {
  if (!draft.insert(find(draft.root(), list), index, raw)) return false;
  const json::Value other = find(draft.root(), twin_of(list));
  return !other.is_array() || other.size() < index || draft.insert(other, index, twin);
}

bool remove_item(Draft& draft, const Pointer& list, std::size_t index) {
  if (find(draft.root(), list).size() < 2) return remove_member(draft, list);
  if (!remove_at(draft, item_of(list, index))) return false;
  const Pointer twin = twin_of(list);
  if (!remove_at(draft, item_of(twin, index))) return false;
  const json::Value left = find(draft.root(), twin);
  return !left.is_array() || !only_nulls(left) || remove_at(draft, twin);
}

bool remove_member(Draft& draft, const Pointer& member) {
  return remove_at(draft, member) && remove_at(draft, twin_of(member));
}

bool move_item(Draft& draft, const Pointer& list, std::size_t from, std::size_t to) {
  if (from == to) return true;
  const Buffer raw(item(find(draft.root(), list), from).raw());
  const json::Value other = item(find(draft.root(), twin_of(list)), from);
  const Buffer twin(other ? other.raw() : "null");
  const bool had_twin = bool(find(draft.root(), twin_of(list)));
  if (!draft.remove(find(draft.root(), list), item(find(draft.root(), list), from))) return false;
  if (had_twin && !remove_at(draft, item_of(twin_of(list), from))) return false;
  return insert_item(draft, list, to, raw.view(), twin.view());
}

}  // namespace ward::fhir::patch
