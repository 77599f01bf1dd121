// The walk behind read_resource: one visit of each member, with the place where it stands for messages.
#pragma once

#include "validate.hpp"
#include "validate_primitive.hpp"

#include <set>
#include <utility>

namespace ward::fhir {

/// Where the walk stands: a chain on the stack, turned into FHIRPath only when there is something to say.
struct Place {
  const Place* parent = nullptr;
  std::string_view name;
  int index = -1;           // in an array
  std::string_view path{};  // of the element as published: "Patient.name"; of a resource, its type
  std::string_view type{};  // "HumanName"
  std::string_view url{};   // of an extension

  std::string expression() const;
};

/// The resource whose "#id" references and contained resources are meant; Bundle entries and the root each have one.
class Container {
 public:
  explicit Container(json::Value resource) : resource_(resource) {}
  json::Value resource() const { return resource_; }
  /// The contained resource of this id, or nothing. Sorted on first use: many references may meet many resources.
  json::Value contained(std::string_view id);
  /// Remembers that something refers to "#id".
  void use(std::string_view id) { used_.emplace(id); }
  bool is_used(std::string_view id) const { return used_.contains(id); }

 private:
  json::Value resource_;
  bool is_listed_ = false;
  std::vector<std::pair<std::string, json::Value>> contained_;
  std::set<std::string, std::less<>> used_;
};

class Walk {
 public:
  Walk(Reading& reading, const ReadOptions& options) : reading_(reading), options_(options) {}

  /// `container`: what contains the resource; nullptr if it stands on its own (the root, a Bundle's entry).
  void resource(json::Value value, const Place& place, Container* container);
  /// Puts the issues in the order of the source, with line and column.
  void finish(const json::Document& document);

 private:
  using Element = r4::Element;

  // validate_walk.cpp: members, cardinality, values
  void object(json::Value value, const r4::Definition& definition, const Place& place, Container& container);
  void member(json::Value value, json::Value object, const r4::Definition::Found& found, const Place& place,
              Container& container);
  void one(json::Value value, const r4::Definition::Found& found, const Place& place, Container& container);
  void primitive(json::Value value, const r4::Definition::Found& found, const Place& place, Container& container);
  void sibling(json::Value value, json::Value object, const r4::Definition::Found& found, const Place& place,
               Container& container);
  void nulls(json::Value array, json::Value siblings, const Place& place);
  void choice_again(json::Value child, json::Value object, const r4::Definition::Found& found, const Place& place);
  void unknown(json::Value member, const r4::Definition& definition, const Place& place);
  void missing(json::Value value, const r4::Definition& definition, const bool* seen, const Place& place);

  // validate_rules.cpp: what the tables do not say
  void rules(json::Value value, const r4::Definition::Found& found, const Place& place, Container& container);
  void extension(json::Value value, const Place& place);
  void reference(json::Value value, const r4::ElementType& type, const Place& place, Container& container);
  void bundle_entry(json::Value value, const Place& place);
  void target(std::string_view type, json::Value at, const r4::ElementType& allowed, const Place& place);
  void binding(json::Value value, std::string_view type, const r4::Element& element, const Place& place);
  void code_binding(json::Value value, std::string_view code, const r4::Element& element, const Place& place);
  void narrative(json::Value div, const Place& place);
  void contained_resource(json::Value value, const Place& place, Container& container);

  // validate_extension.cpp, validate_coding.cpp, validate_bundle.cpp
  void extension_definition(json::Value value, const Place& place);
  void coding(json::Value value, const Place& place);
  void quantity(json::Value value, const Place& place);
  void ucum_code(json::Value code, const Place& place);
  void period(json::Value value, const Place& place);
  void weak_binding(json::Value value, std::string_view type, const r4::Element& element, const Place& place);
  void whole(json::Value value, const r4::Definition& definition, const Place& place);
  void bundle(json::Value value, const Place& place);
  void whole_in_itself(json::Value value, std::initializer_list<std::string_view> members, const Place& place);
  void bundle_entries(json::Value value, std::string_view type, const Place& place);
  void unused_contained(json::Value value, const Container& container, const Place& place);
  void code_system(json::Value value, const Place& place);
  void value_set(json::Value value, const Place& place);
  void capabilities(json::Value value, const Place& place);

  void issue(std::size_t offset, std::string_view code, const Place& place, std::string diagnostics);
  void issue(json::Value at, std::string_view code, const Place& place, std::string diagnostics) {
    issue(at.begin(), code, place, std::move(diagnostics));
  }

  /// Like issue, for what is allowed all the same; nothing unless warnings were asked for.
  void warn(json::Value at, std::string_view code, const Place& place, std::string diagnostics);

  /// True (and counted) if no further issue is described: spares its text.
  bool is_full();

  Reading& reading_;
  const ReadOptions& options_;
  std::vector<std::size_t> offsets_;  // of reading_.issues
  std::vector<std::size_t> warning_offsets_;
  unsigned weak_bindings_ = 0;  // looked at
  std::string scratch_;
};

}  // namespace ward::fhir
