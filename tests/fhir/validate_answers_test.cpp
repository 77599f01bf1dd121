// OperationOutcome and CapabilityStatement: both are resources that our own validation must take.
#include "fhir/capability.hpp"
#include "fhir/outcome.hpp"
#include "fhir/validate.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ward::fhir {
namespace {

void expect_valid(const std::string& source, std::string_view type) {
  const auto document = json::Document::parse(source);
  ASSERT_TRUE(document) << document.error().text();
  const Reading reading = read_resource(*document, {.expected_type = type});
  EXPECT_TRUE(reading.ok()) << (reading.ok() ? "" : reading.issues[0].diagnostics);
}

TEST(Outcome, is_a_valid_resource_with_place_and_expression) {
  const Issue issues[] = {
      {"error", "value", "Patient.birthDate: is not a date \"\\\n", "Patient.birthDate", 3, 7},
      {"warning", "", "", "", 0, 0},
  };
  const std::string source = operation_outcome(issues);
  expect_valid(source, "OperationOutcome");
  const auto document = json::Document::parse(source);
  const json::Value issue = document->root()["issue"].first();
  EXPECT_EQ(issue.string("severity"), "error");
  EXPECT_EQ(issue.string("diagnostics"), issues[0].diagnostics);
  EXPECT_EQ(issue["expression"].first().text(), "Patient.birthDate");
  EXPECT_EQ(issue["extension"].first()["valueInteger"].raw(), "3");
  EXPECT_EQ(issue["extension"].first().next()["valueInteger"].raw(), "7");
  EXPECT_EQ(issue["extension"].first().next().string("url"),
            "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col");
  EXPECT_EQ(document->root()["issue"].size(), 2u);
  expect_valid(operation_outcome(std::span<const Issue>()), "OperationOutcome");
}

TEST(Capability, is_a_valid_resource_and_says_only_what_works) {
  CapabilityDescription description{.url = "https://localhost/fhir", .version = "0.1.0", .date = "2026-01-01"};
  description.searches = [](const r4::SearchParam& param) { return param.type == r4::ParamType::token; };
  description.smart = SmartEndpoints{.token = "https://localhost/oauth/token"};
  const std::string source = capability_statement(description);
  expect_valid(source, "CapabilityStatement");
  const auto document = json::Document::parse(source);
  const json::Value root = document->root();
  EXPECT_EQ(root.string("fhirVersion"), "4.0.1");
  const json::Value rest = root["rest"].first();
  EXPECT_EQ(rest["resource"].size(), 146u);
  EXPECT_EQ(rest["security"]["extension"].first()["extension"].size(), 1u);
  EXPECT_EQ(rest["interaction"].size(), 2u);
  for (json::Value type = rest["resource"].first(); type; type = type.next()) {
    EXPECT_EQ(type["interaction"].size(), 8u);
    EXPECT_FALSE(type["updateCreate"].boolean());
    for (json::Value param = type["searchParam"].first(); param; param = param.next()) {
      EXPECT_EQ(param.string("type"), "token");
      EXPECT_NE(r4::find_param(type.string("type"), param.string("name")), nullptr);
    }
  }
}

TEST(Capability, lists_no_search_parameter_and_no_security_where_there_is_none) {
  const std::string source =
      capability_statement({.url = "https://localhost/fhir", .date = "2026", .types = {"Patient"}});
  expect_valid(source, "CapabilityStatement");
  const auto document = json::Document::parse(source);
  const json::Value rest = document->root()["rest"].first();
  EXPECT_EQ(rest["resource"].size(), 1u);
  EXPECT_FALSE(rest["security"]);
  EXPECT_FALSE(rest["resource"].first()["searchParam"]);
}

}  // namespace
}  // namespace ward::fhir
