#include "scope/scope.hpp"

#include <gtest/gtest.h>

namespace ward::scope {
namespace {

std::string canonical(std::string_view text) {
  const auto set = ScopeSet::parse(text);
  return set ? set->text() : "error: " + set.error().message();
}

TEST(Scope, reads_both_versions_and_prints_version_2) {
  struct Case {
    const char* text;
    const char* expected;
  };
  const Case cases[] = {
      {"", ""},
      {"patient/Observation.read", "patient/Observation.rs"},
      {"user/*.write", "user/*.cud"},
      {"system/*.*", "system/*.cruds"},
      {"user/Patient.rs user/Patient.c", "user/Patient.crs"},
      {"openid fhirUser launch/patient ward/admin", "fhirUser launch/patient openid ward/admin"},
      {"  openid   openid ", "openid"},
      {"patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs",
       "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs"},
      {"user/Observation.rs?status=final&category=a%20b", "user/Observation.rs?category=a%20b&status=final"},
      {"user/Observation.rs?code=a+b", "user/Observation.rs?code=a%2Bb"},
      {"user/A.r user/A.r?x=1", "user/A.r user/A.r?x=1"},
      {"users/Patient.rs", "users/Patient.rs"},  // another word, which allows nothing
  };
  for (const Case& c : cases) {
    EXPECT_EQ(canonical(c.text), c.expected) << c.text;
    EXPECT_EQ(canonical(canonical(c.text)), c.expected) << c.text;
  }
}

TEST(Scope, refuses_what_is_nearly_a_resource_scope) {
  const char* cases[] = {
      "user/Patient",
      "user/Patient.",
      "user/patient.rs",
      "user/.rs",
      "user/Patient.sr",
      "user/Patient.rr",
      "user/Patient.x",
      "user/Patient.READ",
      "user/Patient.read?x=1",
      "user/Patient.rs?",
      "user/Patient.rs?x",
      "user/Patient.rs?x=",
      "user/Patient.rs?=1",
      "user/Patient.rs?x=%zz",
      "user/Patient.rs?x=%00",
      "user/Patient.rs?x=1&",
      "user/Patient.rs?x=%FF",
      "user/Pa-tient.rs",
      "user/**.rs",
      "patient/",
      "user/Patient.rs\tuser/A.r",
      "open\"id",
      "open\\id",
      "op\xC3\xA9n",
      "system/Patient.rs?1x=2",
  };
  for (const char* text : cases) {
    const auto set = ScopeSet::parse(text);
    ASSERT_FALSE(set) << text;
    EXPECT_EQ(set.error().code(), "scope_malformed") << text;
  }
}

TEST(Scope, bounds_what_a_caller_can_send) {
  std::string many;
  for (int i = 0; i < 257; ++i) many += "w" + std::to_string(i) + " ";
  EXPECT_EQ(ScopeSet::parse(many).error().code(), "scope_too_long");
  EXPECT_EQ(ScopeSet::parse(std::string(16 * 1024 + 1, 'a')).error().code(), "scope_too_long");
}

TEST(Scope, narrowing_never_widens) {
  struct Case {
    const char* allowed;
    const char* asked;
    const char* expected;
  };
  const Case cases[] = {
      {"user/*.rs openid", "user/Patient.cruds openid profile", "openid user/Patient.rs"},
      {"user/Patient.r", "user/*.rs", "user/Patient.r"},
      {"user/Patient.rs user/Coverage.r", "user/*.rs", "user/Coverage.r user/Patient.rs"},
      {"user/Patient.rs", "patient/Patient.rs", ""},
      {"system/*.rs", "user/Patient.rs", ""},
      {"user/Observation.rs?category=a", "user/Observation.rs", "user/Observation.rs?category=a"},
      {"user/Observation.rs?category=a", "user/Observation.rs?status=final",
       "user/Observation.rs?category=a&status=final"},
      {"user/Observation.r", "user/Observation.s", ""},
      {"", "user/*.cruds openid", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ScopeSet::parse(c.allowed)->narrow(*ScopeSet::parse(c.asked)).text(), c.expected)
        << c.allowed << " / " << c.asked;
  }
}

TEST(Scope, answers_by_type_and_action) {
  const auto set = ScopeSet::parse("user/Patient.rs launch");
  ASSERT_TRUE(set);
  ASSERT_EQ(set->resources().size(), 1u);
  EXPECT_TRUE(set->resources()[0].actions.includes({.read = true}));
  EXPECT_FALSE(set->resources()[0].actions.includes({.read = true, .update = true}));
  EXPECT_TRUE(set->has("launch"));
  EXPECT_FALSE(set->has("openid"));
  EXPECT_FALSE(set->empty());
}

}  // namespace
}  // namespace ward::scope
