// Codes and units against what is known of their systems: HL7's code systems and UCUM. A system that is not known here
// says nothing about its codes.
#include "path/temporal.hpp"
#include "r4/terminology.hpp"
#include "ucum.hpp"
#include "validate_walk.hpp"

#include <fmt/format.h>

namespace ward::fhir {
namespace {

constexpr unsigned weak_bindings_max = 500;  // that one reading looks at
constexpr std::string_view ucum_system = "http://unitsofmeasure.org";

bool is_absolute(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  return colon != std::string_view::npos && colon > 0 && colon < uri.find_first_of("/?#");
}

/// In what FHIR itself publishes with R4 a code that is missing is wrong; HL7's vocabulary has grown since.
bool is_of_r4(std::string_view system) { return system.starts_with("http://hl7.org/fhir/"); }

}  // namespace

void Walk::coding(json::Value value, const Place& place) {
  const json::Value system = value["system"];
  const json::Value code = value["code"];
  if (!system.is_string()) return;
  const std::string uri = system.text();
  if (uri.empty()) return;
  if (!is_absolute(uri)) return issue(system, "invalid", {&place, "system"}, "must be an absolute URI");
  if (uri.starts_with("http://hl7.org/fhir/ValueSet/"))
    return issue(system, "invalid", {&place, "system"}, "names a value set, not a code system");
  if (!code.is_string()) return;
  if (uri == ucum_system) return ucum_code(code, {&place, "code"});
  const r4::CodeSystem* const known = r4::find_code_system(uri);
  if (known == nullptr || !known->complete || known->size() == 0) return;
  const auto found = known->find(code.text(scratch_));
  if (!found) {
    const Place at{&place, "code"};
    const std::string said = fmt::format("the code is not in the code system {}", known->url());
    return is_of_r4(known->url()) ? issue(code, "code-invalid", at, said) : warn(code, "code-invalid", at, said);
  }
  const json::Value display = value["display"];
  if (!options_.warnings || !display.is_string() || known->at(*found).display.empty()) return;
  if (display.text(scratch_) != known->at(*found).display)
    warn(display, "invalid", {&place, "display"}, "is not the display that the code system gives");
}

void Walk::quantity(json::Value value, const Place& place) {
  const json::Value code = value["code"];
  if (code.is_string() && value.string("system") == ucum_system) ucum_code(code, {&place, "code"});
}

/// A wrong unit is worth a word, but refused it is not: published records are full of "ea", "TAB" and "mcg".
void Walk::ucum_code(json::Value code, const Place& place) {
  if (!options_.warnings || is_ucum(code.text(scratch_))) return;
  warn(code, "code-invalid", place,
       "is no unit of UCUM (case matters: \"mg/dL\", \"mm[Hg]\", \"10*3/uL\", \"{score}\")");
}

/// per-1. As HL7's validator has it: times that cannot be compared, for one is only a day that holds the other, are no
/// order either.
void Walk::period(json::Value value, const Place& place) {
  const json::Value start = value["start"], end = value["end"];
  if (!start.is_string() || !end.is_string()) return;
  const auto from = path::parse_temporal(start.text(), path::Temporal::date_time);
  const auto to = path::parse_temporal(end.text(), path::Temporal::date_time);
  if (!from || !to) return;
  const auto order = path::compare(*from, *to);
  if (!order || *order > 0) issue(value, "invariant", place, "start must not be later than end (per-1)");
}

/// Extensible and preferred bindings: a code from elsewhere is allowed, and worth a word.
void Walk::weak_binding(json::Value value, std::string_view type, const r4::Element& element, const Place& place) {
  if (element.binding != r4::BindingStrength::extensible && element.binding != r4::BindingStrength::preferred) return;
  // A large set is read to its end for a code that is not in it, so that is not done for each of many.
  if (++weak_bindings_ > weak_bindings_max) return;
  const r4::Expansion* const set = r4::find_expansion(element.value_set_url);
  if (set == nullptr || (type != "Coding" && type != "CodeableConcept")) return;
  const auto is_in = [&](json::Value coding) {
    const std::string system = coding.string("system");
    return !system.empty() && set->find(system, coding.string("code")).has_value();
  };
  bool any = false;
  if (type == "Coding") {
    if (!value["code"] || is_in(value)) return;
    any = true;
  }
  for (json::Value one = type == "Coding" ? json::Value() : value["coding"].first(); one; one = one.next()) {
    any = true;
    if (is_in(one)) return;
  }
  if (any)
    warn(value, "code-invalid", place,
         fmt::format(
             "no code from the value set {} ({})", set->url(),
             element.binding == r4::BindingStrength::extensible ? "extensible: use one if it fits" : "preferred"));
}

}  // namespace ward::fhir
