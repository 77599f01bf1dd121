#include "demo/clinic.hpp"

#include "base/buffer.hpp"
#include "fhir/validate.hpp"
#include "json/json.hpp"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace ward::demo {
namespace {

const WallTime today = *parse_rfc3339("2026-11-24T09:30:00Z");

const Clinic& clinic() {
  static const Clinic made = make_clinic(7, today);
  return made;
}

TEST(Clinic, every_resource_is_valid_and_says_its_own_name) {
  for (const Resource& resource : clinic().resources) {
    const Buffer body(resource.json);
    const auto document = json::Document::parse(body.view());
    ASSERT_TRUE(document) << resource.type << "/" << resource.id << ": " << document.error().text();
    const fhir::Reading reading = fhir::read_resource(*document, {.expected_type = resource.type});
    EXPECT_TRUE(reading.ok()) << resource.type << "/" << resource.id << ": " << reading.issues.front().diagnostics
                              << "\n"
                              << resource.json;
    EXPECT_EQ(document->root().string("id"), resource.id);
  }
}

TEST(Clinic, references_point_to_what_came_before) {
  std::set<std::string> before;
  for (const Resource& resource : clinic().resources) {
    const Buffer body(resource.json);
    const auto document = json::Document::parse(body.view());
    ASSERT_TRUE(document);
    for (const auto& reference : fhir::read_resource(*document).references) {
      const std::string target = reference.value.text();
      EXPECT_TRUE(before.contains(target) || target.starts_with("#"))
          << resource.type << "/" << resource.id << " to " << target;
    }
    EXPECT_TRUE(before.insert(resource.type + "/" + resource.id).second)
        << resource.type << "/" << resource.id << " comes twice";
  }
}

TEST(Clinic, the_same_seed_gives_the_same_bytes_and_another_one_others) {
  const Clinic again = make_clinic(7, today), other = make_clinic(8, today);
  ASSERT_EQ(again.resources.size(), clinic().resources.size());
  for (std::size_t i = 0; i < again.resources.size(); ++i)
    ASSERT_EQ(again.resources[i].json, clinic().resources[i].json);
  EXPECT_EQ(again.patients, clinic().patients);
  EXPECT_NE(other.patients, clinic().patients);
}

TEST(Clinic, has_the_people_and_records_of_a_clinic) {
  std::map<std::string, int> types;
  for (const Resource& resource : clinic().resources) ++types[resource.type];
  EXPECT_EQ(clinic().patients.size(), 60U);
  EXPECT_EQ(types["Patient"], 60);
  for (const char* type :
       {"Encounter", "Condition", "Observation", "MedicationRequest", "AllergyIntolerance", "Immunization",
        "DiagnosticReport", "Appointment", "Coverage", "CareTeam", "Practitioner", "PractitionerRole", "Organization"})
    EXPECT_GT(types[type], 0) << type;
  std::map<std::string, int> roles;
  for (const Member& member : clinic().members) ++roles[member.role];
  for (const char* role : {"physician", "nurse", "front-desk", "billing", "privacy-officer"})
    EXPECT_GE(roles[role], 1) << role;
  EXPECT_GE(roles["patient"], 2);
  EXPECT_GE(roles["administrator"], 2);
}

}  // namespace
}  // namespace ward::demo
