// Value sets that are loaded, and value sets that somebody sends.
#include "terminology.hpp"

#include "r4/terminology.hpp"

#include <gtest/gtest.h>
#include <deque>

#include <algorithm>

namespace ward::fhir {
namespace {

Result<std::vector<Code>> of(const std::string& compose) {
  // Documents point into their text, and codes into documents.
  static std::deque<std::pair<std::string, std::unique_ptr<json::Document>>> kept;
  auto& [text, document] =
      kept.emplace_back(R"({"resourceType":"ValueSet","status":"active","compose":)" + compose + "}", nullptr);
  auto parsed = json::Document::parse(text);
  EXPECT_TRUE(parsed);
  document = std::make_unique<json::Document>(std::move(*parsed));
  return expand_value_set(document->root());
}

std::string codes(const Result<std::vector<Code>>& found) {
  if (!found) return std::string(found.error().code());
  std::string out;
  for (const Code& code : *found) out += (out.empty() ? "" : ",") + code.code;
  return out;
}

TEST(Terminology, hl7s_code_systems_and_value_sets_are_loaded) {
  const auto* gender = r4::find_code_system("http://hl7.org/fhir/administrative-gender");
  ASSERT_NE(gender, nullptr);
  EXPECT_TRUE(gender->complete);
  ASSERT_TRUE(gender->find("female"));
  EXPECT_EQ(gender->at(*gender->find("female")).display, "Female");
  EXPECT_FALSE(gender->find("Female"));
  EXPECT_EQ(r4::find_code_system("http://hl7.org/fhir/administrative-gender|9"), nullptr);
  EXPECT_NE(r4::find_code_system("http://hl7.org/fhir/administrative-gender|4.0.1"), nullptr);
  EXPECT_EQ(r4::find_code_system("http://snomed.info/sct"), nullptr);
  EXPECT_EQ(codes(expand_value_set("http://hl7.org/fhir/ValueSet/administrative-gender")), "male,female,other,unknown");
  EXPECT_EQ(codes(expand_value_set("http://hl7.org/fhir/ValueSet/no-such")), "value_set_unknown");
  EXPECT_GT(r4::code_systems().size(), 1000u);
  EXPECT_GT(r4::expansions().size(), 1000u);
}

TEST(Terminology, every_table_is_in_order_and_finds_its_own) {
  for (const auto& system : r4::code_systems()) {
    EXPECT_EQ(r4::find_code_system(system.url()), &system) << system.url();
    for (std::size_t i = 0; i < system.size(); ++i) EXPECT_EQ(system.find(system.at(i).code), i) << system.url();
  }
  for (const auto& set : r4::expansions()) EXPECT_EQ(r4::find_expansion(set.url()), &set);
}

TEST(Terminology, composes_are_expanded) {
  const std::string gender = R"("system":"http://hl7.org/fhir/administrative-gender")";
  const std::string class_system = R"("system":"http://terminology.hl7.org/CodeSystem/v3-RoleCode")";
  EXPECT_EQ(codes(of("{\"include\":[{" + gender + "}]}")), "male,female,other,unknown");
  EXPECT_EQ(codes(of("{\"include\":[{" + gender + R"(,"concept":[{"code":"male"}]}]})")), "male");
  EXPECT_EQ(of("{\"include\":[{" + gender + R"(,"concept":[{"code":"male"}]}]})")->at(0).display, "Male");
  EXPECT_EQ(codes(of("{\"include\":[{" + gender + "}],\"exclude\":[{" + gender + R"(,"concept":[{"code":"male"}]}]})")),
            "female,other,unknown");
  EXPECT_EQ(codes(of(R"({"include":[{"valueSet":["http://hl7.org/fhir/ValueSet/administrative-gender"]}]})")),
            "male,female,other,unknown");
  const std::string parents = codes(of("{\"include\":[{" + class_system +
                                       R"(,"filter":[{"property":"concept","op":"descendent-of","value":"PRN"}]}]})"));
  EXPECT_NE(parents.find("MTH"), std::string::npos) << parents;
  EXPECT_EQ(("," + parents + ",").find(",PRN,"), std::string::npos) << parents;
  EXPECT_EQ(codes(of(R"({"include":[{"system":"http://snomed.info/sct"}]})")), "system_unknown");
  EXPECT_EQ(codes(of(R"({"include":[{"system":"http://snomed.info/sct","concept":[{"code":"1"}]}]})")), "1");
  EXPECT_EQ(codes(of("{\"include\":[{" + gender + R"(,"filter":[{"property":"x","op":"=","value":"y"}]}]})")),
            "filter_unsupported");
  EXPECT_EQ(codes(of(R"({"include":[{"valueSet":["http://x.example/v"]}]})")), "value_set_unknown");
}

TEST(Terminology, filters_look_at_display_and_code) {
  EXPECT_TRUE(matches_filter({"", "male", "Male"}, "mal"));
  EXPECT_TRUE(matches_filter({"", "F", "Female"}, "male"));
  EXPECT_FALSE(matches_filter({"", "F", "Female"}, "x"));
}

}  // namespace
}  // namespace ward::fhir
