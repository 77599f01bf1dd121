// What to index of one resource type: the paths of all its search parameters in one tree of member names, so that a
// resource is walked once. Expressions that are no plain path stay with the evaluator.
#pragma once

#include "path.hpp"

namespace ward::fhir::index_plan {

struct Param {
  const r4::SearchParam* param;
  bool compartment;  // a Patient that it names has the resource in its compartment
};

/// A condition on an element: where(resolve() is Patient), where(system='phone'), extension('url').
struct Filter {
  enum Kind : std::uint8_t { none, member_equals, resolves_to } kind = none;
  std::string member, text;
  bool operator==(const Filter&) const = default;
};

struct Step;

/// Where a path may go on, and which parameters end here.
struct Place {
  std::vector<Step> steps;          // sorted by member
  std::vector<std::uint16_t> ends;  // indexes into Plan::params
};

struct Step {
  std::string member;
  std::string_view type;  // of the element
  Filter filter;
  Place place;
};

struct General {
  std::uint16_t param;
  PathExpression expression;
};

struct Plan {
  std::vector<Param> params;
  Place root;
  std::vector<General> general;
  std::vector<std::string> broken;  // parameters whose expression does not compile; none in R4
};

/// The plan of a resource type, made at the first call and kept. Any thread. nullptr if there is no such type.
const Plan* plan_of(std::string_view type);

}  // namespace ward::fhir::index_plan
