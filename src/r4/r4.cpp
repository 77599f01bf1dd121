#include "tables.hpp"

#include <algorithm>

namespace ward::r4 {

namespace {

std::span<const Definition> all_definitions() { return {definitions, definition_count}; }

const TypeTables* tables_of(std::string_view type) {
  const auto types = resource_types();
  const auto found = std::ranges::lower_bound(types, type);
  return found == types.end() || *found != type ? nullptr : type_tables + (found - types.begin());
}

}  // namespace

std::optional<Definition::Found> Definition::find(std::string_view member) const {
  if (members.empty() || member.empty()) return std::nullopt;
  const MemberSlot& slot = members[member_hash(members_seed, member) & (members.size() - 1)];
  if (slot.name != member) return std::nullopt;
  const Element& element = elements[slot.element];
  return Found{&element, &element.types[slot.type]};
}

const Definition* find_definition(std::string_view name) {
  const auto all = all_definitions();
  const auto found = std::ranges::lower_bound(all, name, {}, &Definition::name);
  return found == all.end() || found->name != name ? nullptr : &*found;
}

std::span<const std::string_view> resource_types() { return {type_names, type_count}; }
bool is_resource_type(std::string_view name) { return tables_of(name) != nullptr; }

bool contains(const ValueSet& set, std::string_view system, std::string_view code) {
  const auto same_code = std::ranges::equal_range(set.codes, code, {}, &Coded::code);
  return std::ranges::any_of(same_code, [&](const Coded& coded) { return system.empty() || coded.system == system; });
}

std::string_view url(const ValueSet& set) { return set.url; }

std::span<const SearchParam> search_params(std::string_view type) {
  const TypeTables* const tables = tables_of(type);
  return tables ? tables->params : std::span<const SearchParam>();
}

const SearchParam* find_param(std::string_view type, std::string_view code) {
  const auto all = search_params(type);
  const auto found = std::ranges::lower_bound(all, code, {}, &SearchParam::code);
  return found == all.end() || found->code != code ? nullptr : &*found;
}

std::span<const std::string_view> patient_compartment(std::string_view type) {
  const TypeTables* const tables = tables_of(type);
  return tables ? tables->patient_compartment : std::span<const std::string_view>();
}

std::span<const Composite> composites(std::string_view type) {
  const TypeTables* const tables = tables_of(type);
  return tables ? tables->composites : std::span<const Composite>();
}

const Composite* find_composite(std::string_view type, std::string_view code) {
  const auto all = composites(type);
  const auto found = std::ranges::lower_bound(all, code, {}, &Composite::code);
  return found == all.end() || found->code != code ? nullptr : &*found;
}

std::optional<Compartment> compartment_of(std::string_view owner) {
  static constexpr std::pair<std::string_view, Compartment> owners[] = {{"Device", Compartment::device},
                                                                        {"Encounter", Compartment::encounter},
                                                                        {"Practitioner", Compartment::practitioner},
                                                                        {"RelatedPerson", Compartment::related_person}};
  for (const auto& [name, compartment] : owners)
    if (name == owner) return compartment;
  return std::nullopt;
}

std::span<const std::string_view> compartment_params(Compartment compartment, std::string_view type) {
  const TypeTables* const tables = tables_of(type);
  return tables ? tables->compartments[std::size_t(compartment)] : std::span<const std::string_view>();
}

const ValueSet* find_value_set(std::string_view url) {
  const std::span<const ValueSet> all(value_sets, value_set_count);
  const auto found = std::ranges::lower_bound(all, url, {}, &ValueSet::url);
  return found == all.end() || found->url != url ? nullptr : &*found;
}

std::span<const Coded> codes_of(const ValueSet& set) { return set.codes; }

bool in_patient_compartment(std::string_view type) { return type == "Patient" || !patient_compartment(type).empty(); }

}  // namespace ward::r4
