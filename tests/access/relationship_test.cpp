#include "access/relationship.hpp"

#include "base/clock.hpp"
#include "json/json.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ward::access {
namespace {

std::string derived(std::string_view text) {
  const auto document = json::Document::parse(text);
  EXPECT_TRUE(document);
  std::string out;
  for (const Relationship& row : derive(*document)) {
    if (!out.empty()) out += "; ";
    out += row.person + " " + row.kind + " " + row.patient;
    if (row.from_ms != INT64_MIN)
      out += " from " + rfc3339(WallTime(std::chrono::milliseconds(row.from_ms))).substr(0, 10);
    if (row.until_ms != INT64_MAX)
      out += " until " + rfc3339(WallTime(std::chrono::milliseconds(row.until_ms))).substr(0, 10);
  }
  return out;
}

TEST(Relationship, is_read_out_of_resources) {
  struct Case {
    const char* name;
    const char* text;
    const char* expected;
  };
  const Case cases[] = {
      {"care team",
       R"({"resourceType":"CareTeam","status":"active","subject":{"reference":"Patient/1"},"period":{"start":"2020-02"},
        "participant":[{"member":{"reference":"Practitioner/3"},"period":{"end":"2021"}},{"member":{"reference":"Patient/1"}},{"member":{"reference":"Organization/2"}}]})",
       "Practitioner/3 care-team 1 from 2020-02-01 until 2022-01-01; Organization/2 care-team 1 from 2020-02-01"},
      {"care team that is not active",
       R"({"resourceType":"CareTeam","status":"inactive","subject":{"reference":"Patient/1"},"participant":[{"member":{"reference":"Practitioner/3"}}]})",
       ""},
      {"a period that cannot be read",
       R"({"resourceType":"CareTeam","status":"active","subject":{"reference":"Patient/1"},"period":{"end":"soon"},"participant":[{"member":{"reference":"Practitioner/3"}}]})",
       ""},
      {"encounter",
       R"({"resourceType":"Encounter","status":"finished","subject":{"reference":"Patient/1"},"participant":[{"individual":{"reference":"Practitioner/3"}},{"individual":{"reference":"Practitioner/3"}}],"serviceProvider":{"reference":"Organization/2"}})",
       "Practitioner/3 panel 1; Organization/2 department 1"},
      {"encounter in error",
       R"({"resourceType":"Encounter","status":"entered-in-error","subject":{"reference":"Patient/1"},"serviceProvider":{"reference":"Organization/2"}})",
       ""},
      {"appointment",
       R"({"resourceType":"Appointment","status":"booked","participant":[{"actor":{"reference":"Patient/1"},"status":"accepted"},{"actor":{"reference":"Practitioner/3"},"status":"accepted"},{"actor":{"reference":"Practitioner/4"},"status":"declined"}]})",
       "Practitioner/3 panel 1"},
      {"appointment that was proposed",
       R"({"resourceType":"Appointment","status":"proposed","participant":[{"actor":{"reference":"Patient/1"}},{"actor":{"reference":"Practitioner/3"}}]})",
       ""},
      {"patient",
       R"({"resourceType":"Patient","id":"1","generalPractitioner":[{"reference":"Practitioner/3"}],"managingOrganization":{"reference":"Organization/2"}})",
       "Patient/1 self 1; Practitioner/3 panel 1; Organization/2 department 1"},
      {"practitioner role",
       R"({"resourceType":"PractitionerRole","id":"5","active":true,"practitioner":{"reference":"Practitioner/3"},"organization":{"reference":"Organization/2"}})",
       "Practitioner/3 member Organization/2; Practitioner/3 member PractitionerRole/5"},
      {"practitioner role that ended",
       R"({"resourceType":"PractitionerRole","id":"5","active":false,"practitioner":{"reference":"Practitioner/3"},"organization":{"reference":"Organization/2"}})",
       ""},
      {"related person",
       R"({"resourceType":"RelatedPerson","id":"5","patient":{"reference":"Patient/1"},"period":{"end":"2030-01-31"}})",
       "RelatedPerson/5 parent 1 until 2030-02-01"},
      {"references elsewhere",
       R"({"resourceType":"Encounter","status":"finished","subject":{"reference":"https://other/Patient/1"},"serviceProvider":{"reference":"Organization/2"}})",
       ""},
      {"other types",
       R"({"resourceType":"Observation","subject":{"reference":"Patient/1"},"performer":[{"reference":"Practitioner/3"}]})",
       ""},
  };
  for (const Case& c : cases) EXPECT_EQ(derived(c.text), c.expected) << c.name;
}

std::string coded(std::string_view code, std::string_view system = "v3-RoleCode") {
  return fmt::format(R"({{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/{}","code":"{}"}}]}})", system,
                     code);
}

std::string kind_of(std::string_view relationship) {
  const std::string row =
      derived(fmt::format(R"({{"resourceType":"RelatedPerson","id":"5","patient":{{"reference":"Patient/1"}}{}{}}})",
                          relationship.empty() ? "" : R"(,"relationship":)", relationship));
  return row == "RelatedPerson/5 delegate 1" ? "delegate" : row == "RelatedPerson/5 parent 1" ? "parent" : row;
}

TEST(Relationship, of_any_age_has_to_be_said) {
  for (const char* code : {"GUARD",    "RESPRSN",  "POWATT",  "DPOWATT", "HPOWATT",   "SPOWATT",   "SPS",
                           "HUSB",     "WIFE",     "DOMPART", "CHILD",   "NCHILD",    "SON",       "SONC",
                           "DAU",      "DAUC",     "STPSON",  "STPDAU",  "STPCHLD",   "CHLDADOPT", "SONADOPT",
                           "DAUADOPT", "CHLDFOST", "SONFOST", "DAUFOST", "CHLDINLAW", "SONINLAW",  "DAUINLAW"})
    EXPECT_EQ(kind_of("[" + coded(code) + "]"), "delegate") << code;
  for (const char* code :
       {"PRN",      "MTH",      "FTH",      "NMTH",    "NMTHF",  "STPFTH",   "ADOPTM",       "GESTM",   "MTHFOST",
        "PRNINLAW", "MTHINLAW", "FTHINLAW", "GRPRN",   "MGRMTH", "AUNT",     "SIB",          "FAMMEMB", "FRND",
        "FMRSPS",   "GUADLTM",  "EXCEST",   "ONESELF", "guard",  "GUARDIAN", "no such code", ""})
    EXPECT_EQ(kind_of("[" + coded(code) + "]"), "parent") << code;
}

TEST(Relationship, is_a_parents_unless_every_role_code_is_of_any_age) {
  struct Case {
    const char* name;
    std::string relationship;
    const char* expected;
  };
  const Case cases[] = {
      {"none", "", "parent"},
      {"an empty list", "[]", "parent"},
      {"not a list", R"("GUARD")", "parent"},
      {"by text only", R"([{"text":"guardian"}])", "parent"},
      {"a coding without a system", R"([{"coding":[{"code":"GUARD"}]}])", "parent"},
      {"a system of the same codes elsewhere", R"([{"coding":[{"system":"urn:other","code":"GUARD"}]}])", "parent"},
      {"the system of STU3", R"([{"coding":[{"system":"http://hl7.org/fhir/v3/RoleCode","code":"GUARD"}]}])", "parent"},
      {"next of kin", "[" + coded("N", "v2-0131") + "]", "parent"},
      {"a guardian by role class", "[" + coded("GUARD", "v3-RoleClass") + "]", "delegate"},
      {"another role class", "[" + coded("NOK", "v3-RoleClass") + "]", "parent"},
      {"a guardian who is next of kin", "[" + coded("N", "v2-0131") + "," + coded("GUARD") + "]", "delegate"},
      {"a mother who is a responsible party", "[" + coded("RESPRSN") + "," + coded("MTH") + "]", "parent"},
      {"the same the other way round", "[" + coded("MTH") + "," + coded("RESPRSN") + "]", "parent"},
      {"a mother who is a guardian by role class", "[" + coded("GUARD", "v3-RoleClass") + "," + coded("MTH") + "]",
       "parent"},
      {"a wife with a proxy", "[" + coded("WIFE") + "," + coded("HPOWATT") + "]", "delegate"},
  };
  for (const Case& c : cases) EXPECT_EQ(kind_of(c.relationship), c.expected) << c.name;
}

}  // namespace
}  // namespace ward::access
