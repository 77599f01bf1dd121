// Parameters that look at other resources: chains, reverse chains, lists, and what is to come along.
#include "search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::fhir {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// "subject>Patient(name)" for a chain, "<Observation.patient(code)" backward; types side by side by "|".
std::string text_of(const Search& search) {
  std::string out;
  const auto add = [&](std::string_view text) { out += (out.empty() ? "" : "&") + std::string(text); };
  for (const store::Condition& condition : search.query.all_of) add(condition.param + (condition.negate ? ":not" : ""));
  for (const Hop& hop : search.hops) {
    std::string ends;
    for (const Search& among : hop.among)
      ends += (ends.empty() ? "" : "|") + among.query.type + "(" + text_of(among) + ")";
    add(hop.backward ? fmt::format("<{}.{}", hop.param->code, ends) : fmt::format("{}>{}", hop.param->code, ends));
  }
  return out;
}

TEST(SearchHops, become_searches_of_their_own) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"Observation", "subject:Patient.name=a", "subject>Patient(name)"},
      {"Observation", "patient.name=a", "patient>Patient(name)"},
      {"Observation", "patient.name:exact=a", "patient>Patient(name)"},
      {"Observation", "patient.gender:not=male", "patient>Patient(gender:not)"},
      {"Observation", "patient._id=7", "patient>Patient(_id)"},
      {"Observation", "subject.name=a", "subject>Device(|Patient(name)"},
      {"Observation", "code=1&patient.name=a&patient.birthdate=2000",
       "code&patient>Patient(name)&patient>Patient(birthdate)"},
      {"DiagnosticReport", "result.patient.name=a", "result>Observation(patient>Patient(name))"},
      {"Observation", "encounter.patient.organization.name=a",
       "encounter>Encounter(patient>Patient(organization>Organization(name)))"},
      {"Patient", "_has:Observation:patient:code=1", "<patient.Observation(code)"},
      {"Patient", "_has:Observation:patient:_has:AuditEvent:entity:agent=x",
       "<patient.Observation(<entity.AuditEvent(agent))"},
      {"Patient", "_has:Observation:patient:performer.name=x", "<patient.Observation(performer>"},
      {"Patient", "_list=42", "<item.List(_id)"},
  };
  for (const auto& [type, query, expected] : cases) {
    const auto search = parse_search(type, query);
    ASSERT_TRUE(search) << query << ": " << search.error().cause;
    if (std::string_view(query).starts_with("subject.name"))
      EXPECT_THAT(text_of(*search), HasSubstr("Patient(name)"));
    else
      EXPECT_THAT(text_of(*search), HasSubstr(expected)) << query;
    EXPECT_THAT(self_link("base", *search), ::testing::StartsWith(fmt::format("base/{}?", type)));
  }
}

TEST(SearchHops, what_they_look_at_is_used) {
  const auto search = parse_search("Observation", "patient.birthdate=2000");
  ASSERT_TRUE(search);
  ASSERT_EQ(search->used.size(), 1u);
  EXPECT_EQ(search->used[0].code, "patient");
  ASSERT_EQ(search->hops.size(), 1u);
  EXPECT_EQ(search->hops[0].among[0].used[0].code, "birthdate");
  const auto backward = parse_search("Patient", "_has:Observation:patient:code=1");
  ASSERT_TRUE(backward);
  EXPECT_TRUE(backward->used.empty());
  ASSERT_EQ(backward->hops[0].among[0].used.size(), 2u) << "the parameter, and the reference itself";
  EXPECT_EQ(backward->hops[0].among[0].used[1].code, "patient");
}

struct Bad {
  const char *type, *query, *code, *says;
};

TEST(SearchHops, what_is_wrong_is_refused_by_name_and_without_its_value) {
  const Bad cases[] = {
      {"Observation", "patient.nothing=SECRET", "not-supported", "nothing"},
      {"Observation", "code.name=SECRET", "invalid", "code"},
      {"Observation", "nothing.name=SECRET", "invalid", "nothing"},
      {"Observation", "patient:Device.name=SECRET", "invalid", "Device"},
      {"Observation", "patient:.name=SECRET", "invalid", "patient"},
      {"Observation", "patient.=SECRET", "invalid", "patient"},
      {"Observation", ".name=SECRET", "invalid", "name"},
      {"Observation", "patient._count=1", "invalid", "_count"},
      {"Observation", "patient._sort=name", "invalid", "_sort"},
      {"Observation", "patient._include=Patient:link", "invalid", "_include"},
      {"List", "item.name=SECRET", "too-costly", "item"},
      {"Observation",
       "derived-from:Observation.derived-from:Observation.derived-from:Observation.derived-from:"
       "Observation.derived-from:Observation.code=SECRET",
       "too-costly", "references"},
      {"Patient", "_has=SECRET", "invalid", "_has"},
      {"Patient", "_has:Observation=SECRET", "invalid", "_has"},
      {"Patient", "_has:Observation:patient=SECRET", "invalid", "_has"},
      {"Patient", "_has:Nothing:patient:code=SECRET", "invalid", "Nothing"},
      {"Patient", "_has:Observation:nothing:code=SECRET", "invalid", "nothing"},
      {"Patient", "_has:Observation:encounter:code=SECRET", "invalid", "encounter"},
      {"Patient", "_has:Observation:code:code=SECRET", "invalid", "code"},
      {"Patient", "_has:Observation:patient:nothing=SECRET", "not-supported", "nothing"},
      {"Patient", "_list:x=7", "invalid", "_list"},
      {"Patient", "_list=SECRET!", "invalid", "_list"},
      {"Observation", "_include=Observation", "invalid", "_include"},
      {"Observation", "_include=Nothing:patient", "invalid", "Nothing"},
      {"Observation", "_include=Observation:code", "invalid", "code"},
      {"Observation", "_include=Observation:patient:Device", "invalid", "Device"},
      {"Observation", "_include=Patient:organization", "invalid", "iterate"},
      {"Observation", "_include:x=Observation:patient", "invalid", "_include"},
      {"Patient", "_revinclude=*", "invalid", "_revinclude"},
  };
  for (const auto& [type, query, code, says] : cases) {
    const auto search = parse_search(type, query);
    ASSERT_FALSE(search) << query;
    EXPECT_EQ(search.error().issues[0].code, code) << query << ": " << search.error().issues[0].diagnostics;
    EXPECT_THAT(search.error().issues[0].diagnostics, HasSubstr(says)) << query;
    EXPECT_THAT(search.error().issues[0].diagnostics, Not(HasSubstr("SECRET"))) << query;
  }
}

TEST(SearchHops, are_bounded_together) {
  std::string many;
  for (std::size_t i = 0; i <= hops_max; ++i) many += "patient.name=a&";
  EXPECT_FALSE(parse_search("Observation", many));
  std::string includes;
  for (std::size_t i = 0; i <= includes_max; ++i) includes += "_include=Observation:patient&";
  EXPECT_FALSE(parse_search("Observation", includes));
}

TEST(SearchHops, are_a_condition_of_a_conditional_request_and_no_constraint_of_a_scope) {
  EXPECT_TRUE(parse_condition("Observation", "patient.identifier=urn:mrn|7"));
  const std::pair<std::string, std::string> pairs[] = {{"patient.identifier", "7"}};
  EXPECT_FALSE(parse_constraints("Observation", pairs));
  EXPECT_FALSE(parse_condition("Observation", "code=1&_include=Observation:patient"));
}

TEST(SearchIncludes, are_read) {
  const auto search = parse_search("Observation",
                                   "_include=Observation:patient&_include:iterate=Patient:organization:Organization"
                                   "&_revinclude=Provenance:target&_include=*&_include=Observation:*");
  ASSERT_TRUE(search) << search.error().cause;
  ASSERT_EQ(search->includes.size(), 5u);
  EXPECT_EQ(search->includes[0].param, r4::find_param("Observation", "patient"));
  EXPECT_TRUE(search->includes[1].iterate);
  EXPECT_EQ(search->includes[1].target, "Organization");
  EXPECT_TRUE(search->includes[2].reverse);
  EXPECT_EQ(search->includes[2].source, "Provenance");
  EXPECT_EQ(search->includes[3].source, "");
  EXPECT_EQ(search->includes[4].param, nullptr);
  EXPECT_EQ(search->applied.size(), 5u);
}

}  // namespace
}  // namespace ward::fhir
