#include "prove/population.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>

namespace ward::prove {
namespace {

namespace json = boost::json;
using demo::Resource;

constexpr WallTime day{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)};
constexpr std::uint64_t seed = 20261124;

/// References to who works in the clinic become references to somebody elsewhere.
void estrange(json::value& value) {
  if (value.is_array())
    for (json::value& item : value.as_array()) estrange(item);
  if (!value.is_object()) return;
  for (auto& [name, member] : value.as_object()) {
    estrange(member);
    if (name != "reference" || !member.is_string()) continue;
    const std::string_view target = member.as_string();
    if (target.starts_with("Practitioner/"))
      member = "Practitioner/somebody-elsewhere";
    else if (target.starts_with("Organization/"))
      member = "Organization/clinic-elsewhere";
  }
}

void add_number(Resource& patient, std::size_t index) {
  json::value body = json::parse(patient.json);
  json::value& identifier = body.as_object()["identifier"];
  json::array& identifiers = identifier.is_array() ? identifier.as_array() : identifier.emplace_array();
  identifiers.push_back({{"system", "http://hl7.org/fhir/sid/us-ssn"}, {"value", fmt::format("900-12-{:04}", index)}});
  patient.json = json::serialize(body);
}

}  // namespace

demo::Clinic make_population(unsigned patients) {
  demo::Clinic clinic = demo::make_clinic(seed, day, patients);
  // Everybody may see these two; what refers to them, few.
  clinic.resources.insert(
      clinic.resources.begin(),
      {{"Organization", "clinic-elsewhere",
        R"({"resourceType":"Organization","id":"clinic-elsewhere","name":"Another clinic, synthetic"})"},
       {"Practitioner", "somebody-elsewhere",
        R"({"resourceType":"Practitioner","id":"somebody-elsewhere","name":[{"family":"Elsewhere"}]})"}});
  std::vector<std::string> strangers;
  for (std::size_t i = 3; i < clinic.patients.size(); i += 4)
    strangers.push_back("Patient/" + clinic.patients[i] + "\"");
  const auto of_stranger = [&](const Resource& resource) {
    const std::string own = resource.type + "/" + resource.id + "\"";
    return std::ranges::any_of(strangers,
                               [&](const std::string& name) { return own == name || resource.json.contains(name); });
  };
  std::size_t index = 0;
  for (Resource& resource : clinic.resources) {
    if (resource.type == "Patient") add_number(resource, ++index);
    if (!of_stranger(resource)) continue;
    json::value body = json::parse(resource.json);
    estrange(body);
    resource.json = json::serialize(body);
  }
  return clinic;
}

}  // namespace ward::prove
