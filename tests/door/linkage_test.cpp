// Who could be whom: similarity of names, and grades of whole Patients.
#include "fhir/operations/linkage.hpp"

#include <gtest/gtest.h>

namespace ward::door {
namespace {

Likeness like(const std::string& asked, const std::string& candidate) {
  const auto a = json::Document::parse(asked), b = json::Document::parse(candidate);
  EXPECT_TRUE(a && b);
  return compare_patients(a->root(), b->root());
}

const std::string ada =
    R"({"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"7"}],"name":[{"family":"Lovelace","given":["Ada","King"]}],)"
    R"("gender":"female","birthDate":"1815-12-10","telecom":[{"value":"+44 20 5550 1234"}],"address":[{"postalCode":"W1"}]})";

TEST(Linkage, similarity_is_that_of_jaro_and_winkler) {
  EXPECT_NEAR(similarity("martha", "marhta"), 0.9611, 0.001);
  EXPECT_NEAR(similarity("dixon", "dicksonx"), 0.8133, 0.001);
  EXPECT_EQ(similarity("same", "same"), 1);
  EXPECT_EQ(similarity("abc", "xyz"), 0);
  EXPECT_EQ(similarity("", ""), 0);
  EXPECT_EQ(similarity("a", ""), 0);
}

TEST(Linkage, grades_follow_what_agrees) {
  const auto patient = [](const std::string& rest) { return R"({"resourceType":"Patient",)" + rest + "}"; };
  const std::string name = R"("name":[{"family":"Lovelace","given":["Ada"]}])";
  const std::string other = R"("name":[{"family":"Babbage","given":["Charles"]}])";
  const std::string born = R"("birthDate":"1815-12-10")";
  EXPECT_EQ(like(ada, ada).grade, MatchGrade::certain);
  EXPECT_EQ(like(patient(name + "," + born + R"(,"gender":"female")"), ada).grade, MatchGrade::certain);
  EXPECT_EQ(like(patient(R"("identifier":[{"system":"urn:mrn","value":"7"}])"), ada).grade, MatchGrade::possible);
  EXPECT_EQ(like(patient(name), ada).grade, MatchGrade::probable);
  EXPECT_EQ(like(patient(other + "," + born), ada).grade, MatchGrade::certainly_not);
  EXPECT_EQ(like(patient(name + R"(,"birthDate":"1990-01-01")"), ada).grade, MatchGrade::possible);
  EXPECT_EQ(like(patient(R"("gender":"female")"), ada).grade, MatchGrade::certainly_not);
  EXPECT_EQ(like(patient(R"("active":true)"), patient(R"("active":true)")).grade, MatchGrade::certainly_not);
}

TEST(Linkage, typing_errors_cost_less_than_another_name) {
  const auto asked = [](const std::string& family, const std::string& date) {
    return R"({"resourceType":"Patient","name":[{"family":")" + family + R"(","given":["Ada"]}],"birthDate":")" + date +
           R"("})";
  };
  const double right = like(asked("Lovelace", "1815-12-10"), ada).probability;
  const double typed = like(asked("Lovelase", "1815-12-10"), ada).probability;
  const double exchanged = like(asked("Lovelace", "1815-10-12"), ada).probability;
  const double wrong = like(asked("Babbage", "1815-12-10"), ada).probability;
  EXPECT_GT(right, typed);
  EXPECT_GT(typed, wrong);
  EXPECT_GT(right, exchanged);
}

TEST(Linkage, searches_are_narrow_and_bounded) {
  const auto document = json::Document::parse(ada);
  ASSERT_TRUE(document);
  const auto searches = candidate_searches(document->root());
  EXPECT_GE(searches.size(), 4u);
  EXPECT_LE(searches.size(), 16u);
  EXPECT_EQ(searches[0], "identifier=urn%3Amrn%7C7");
  const auto nothing = json::Document::parse(R"({"resourceType":"Patient","gender":"female"})");
  EXPECT_TRUE(candidate_searches(nothing->root()).empty());
}

}  // namespace
}  // namespace ward::door
