// FHIRPath Patch: each row of fhirpatch.html's table, with what JSON needs beside it (lists, choices, "_" twins).
#include "examples.hpp"
#include "patch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::fhir {
namespace {

using ::testing::ElementsAre;

std::string part(std::string_view name, std::string_view value) {
  return fmt::format(R"({{"name":"{}",{}}})", name, value);
}

/// An operation with its parts; a part that is empty is left out.
std::string operation(std::string_view type, std::string_view path, std::initializer_list<std::string> more = {}) {
  std::string text = R"({"name":"operation","part":[)" + part("type", fmt::format(R"("valueCode":"{}")", type)) + "," +
                     part("path", fmt::format(R"("valueString":"{}")", path));
  for (const std::string& one : more) text += "," + one;
  return text + "]}";
}

std::string parameters(std::initializer_list<std::string> operations) {
  std::string text = R"({"resourceType":"Parameters","parameter":[)";
  for (const std::string& one : operations) text += (text.back() == '[' ? "" : ",") + one;
  return text + "]}";
}

/// The members behind resourceType after the patch, or the code of the refusal.
std::string patched(std::string_view type, std::string_view members, std::initializer_list<std::string> operations) {
  const std::string head = fmt::format(R"({{"resourceType":"{}")", type);
  const auto read = read_path_patch(parameters(operations));
  if (!read) return read.error().code;
  const auto done = (*read)->apply(fmt::format("{}{}{}}}", head, members.empty() ? "" : ",", members));
  if (!done) return done.error().code;
  std::string text(done->view().substr(head.size()));
  text.pop_back();
  return text.starts_with(',') ? text.substr(1) : text;
}

const std::string name_part = part("name", R"("valueString":"birthDate")");

TEST(PathPatch, adds_an_element_that_is_not_there) {
  const std::string born = part("value", R"("valueDate":"1930-01-01")");
  EXPECT_EQ(patched("Patient", "", {operation("add", "Patient", {name_part, born})}), R"("birthDate":"1930-01-01")");
  EXPECT_EQ(patched("Patient", R"("birthDate":"1920-01-01")", {operation("add", "Patient", {name_part, born})}),
            "patch_failed");
  EXPECT_EQ(patched("Patient", R"("_birthDate":{"id":"x"})", {operation("add", "Patient", {name_part, born})}),
            "patch_failed");
  EXPECT_EQ(patched("Patient", R"("contact":[{"name":{"text":"a"}}])",
                    {operation("add", "Patient.contact[0]",
                               {part("name", R"("valueString":"gender")"), part("value", R"("valueCode":"male")")})}),
            R"("contact":[{"name":{"text":"a"},"gender":"male"}])");
}

TEST(PathPatch, adds_to_the_end_of_a_list) {
  const auto add =
      operation("add", "Patient",
                {part("name", R"("valueString":"identifier")"), part("value", R"("valueIdentifier":{"value":"b"})")});
  EXPECT_EQ(patched("Patient", "", {add, add}), R"("identifier":[{"value":"b"},{"value":"b"}])");
  const auto given = operation("add", "Patient.name",
                               {part("name", R"("valueString":"given")"), part("value", R"("valueString":"c")")});
  EXPECT_EQ(patched("Patient", R"("name":[{"given":["a"],"_given":[{"id":"1"}]}])", {given}),
            R"("name":[{"given":["a","c"],"_given":[{"id":"1"},null]}])");
}

TEST(PathPatch, adds_a_choice_by_the_type_of_its_value) {
  const auto add = [](const char* value) {
    return operation("add", "Observation", {part("name", R"("valueString":"value")"), part("value", value)});
  };
  EXPECT_EQ(patched("Observation", "", {add(R"("valueQuantity":{"value":1.50})")}),
            R"("valueQuantity":{"value":1.50})");
  EXPECT_EQ(patched("Observation", R"("valueString":"x")", {add(R"("valueQuantity":{"value":1})")}), "patch_failed");
  EXPECT_EQ(patched("Observation", "", {add(R"("valueHumanName":{"text":"x"})")}), "patch_failed");
}

TEST(PathPatch, builds_anonymous_types_from_parts) {
  const auto contact = part(
      "value",
      R"("part":[{"name":"name","valueHumanName":{"text":"a"}},{"name":"telecom","valueContactPoint":{"value":"1"}},
{"name":"telecom","valueContactPoint":{"value":"2"}}])");
  EXPECT_EQ(
      patched("Patient", "", {operation("add", "Patient", {part("name", R"("valueString":"contact")"), contact})}),
      R"("contact":[{"name":{"text":"a"},"telecom":[{"value":"1"},{"value":"2"}]}])");
  const auto component = part(
      "value",
      R"("part":[{"name":"code","valueCodeableConcept":{"text":"c"}},{"name":"value","valueInteger":3},{"name":"referenceRange","part":[{"name":"text","valueString":"r"}]}])");
  EXPECT_EQ(patched("Observation", "",
                    {operation("add", "Observation", {part("name", R"("valueString":"component")"), component})}),
            R"("component":[{"code":{"text":"c"},"valueInteger":3,"referenceRange":[{"text":"r"}]}])");
  const auto twice =
      part("value", R"("part":[{"name":"gender","valueCode":"male"},{"name":"gender","valueCode":"male"}])");
  EXPECT_EQ(patched("Patient", "", {operation("add", "Patient", {part("name", R"("valueString":"contact")"), twice})}),
            "patch_failed");
}

TEST(PathPatch, inserts_into_a_list) {
  const char* const list = R"("identifier":[{"value":"1"},{"value":"2"}])";
  const auto insert = [](int index) {
    return operation("insert", "Patient.identifier",
                     {part("index", fmt::format(R"("valueInteger":{})", index)),
                      part("value", R"("valueIdentifier":{"value":"3"})")});
  };
  EXPECT_EQ(patched("Patient", list, {insert(2)}), R"("identifier":[{"value":"1"},{"value":"2"},{"value":"3"}])");
  EXPECT_EQ(patched("Patient", list, {insert(1)}), R"("identifier":[{"value":"1"},{"value":"3"},{"value":"2"}])");
  EXPECT_EQ(patched("Patient", list, {insert(0)}), R"("identifier":[{"value":"3"},{"value":"1"},{"value":"2"}])");
  EXPECT_EQ(patched("Patient", list, {insert(3)}), "patch_failed");
  EXPECT_EQ(patched("Patient", "", {insert(0)}), "patch_failed") << "no element matches";
}

TEST(PathPatch, deletes_one_element_if_it_is_there) {
  EXPECT_EQ(patched("Patient", R"("birthDate":"1920","active":true)", {operation("delete", "Patient.birthDate")}),
            R"("active":true)");
  EXPECT_EQ(patched("Patient", R"("active":true)", {operation("delete", "Patient.birthDate")}), R"("active":true)");
  EXPECT_EQ(patched("Patient", R"("birthDate":"1920","_birthDate":{"id":"x"})", {operation("delete", "birthDate")}),
            "");
  EXPECT_EQ(patched("Patient", R"("_birthDate":{"id":"x"},"active":true)", {operation("delete", "birthDate")}),
            R"("active":true)");
  EXPECT_EQ(patched("Patient", R"("identifier":[{"value":"1"},{"value":"2"},{"value":"3"}])",
                    {operation("delete", "Patient.identifier[1]")}),
            R"("identifier":[{"value":"1"},{"value":"3"}])");
  EXPECT_EQ(patched("Patient", R"("identifier":[{"value":"1"}])", {operation("delete", "Patient.identifier.first()")}),
            "")
      << "no empty list stays behind";
  EXPECT_EQ(patched("Patient", R"("name":[{"given":["a","b"],"_given":[null,{"id":"x"}]}])",
                    {operation("delete", "Patient.name.given[1]")}),
            R"("name":[{"given":["a"]}])");
  EXPECT_EQ(
      patched("Patient", R"("identifier":[{"value":"1"},{"value":"2"}])", {operation("delete", "Patient.identifier")}),
      "patch_failed");
  EXPECT_EQ(patched("Patient", R"("identifier":[{"value":"1"},{"value":"2"}])",
                    {operation("delete", "Patient.identifier.where(value='2')")}),
            R"("identifier":[{"value":"1"}])");
  EXPECT_EQ(patched("Patient", R"("_gender":{"extension":[{"url":"a"},{"url":"b"}]})",
                    {operation("delete", "Patient.gender.extension.where(url='a')")}),
            R"("_gender":{"extension":[{"url":"b"}]})");
}

TEST(PathPatch, replaces_one_element) {
  EXPECT_EQ(patched("Patient", R"("birthDate":"1920-01-01")",
                    {operation("replace", "Patient.birthDate", {part("value", R"("valueDate":"1930-01-01")")})}),
            R"("birthDate":"1930-01-01")");
  EXPECT_EQ(patched("Patient", R"("birthDate":"1920-01-01","_birthDate":{"id":"x"})",
                    {operation("replace", "Patient.birthDate", {part("value", R"("valueDate":"1930-01-01")")})}),
            R"("birthDate":"1930-01-01")");
  EXPECT_EQ(patched("Patient", R"("_gender":{"id":"x"})",
                    {operation("replace", "Patient.gender", {part("value", R"("valueCode":"male")")})}),
            R"("gender":"male")");
  EXPECT_EQ(
      patched("Patient", R"("identifier":[{"value":"1"},{"value":"2"}])",
              {operation("replace", "Patient.identifier[0].value", {part("value", R"("valueString":"3")")}),
               operation("replace", "Patient.identifier[1]", {part("value", R"("valueIdentifier":{"value":"4"})")})}),
      R"("identifier":[{"value":"3"},{"value":"4"}])");
  EXPECT_EQ(patched("Observation", R"("valueQuantity":{"value":1},"note":[{"text":"n"}])",
                    {operation("replace", "Observation.value", {part("value", R"("valueString":"s")")})}),
            R"("note":[{"text":"n"}],"valueString":"s")");
  EXPECT_EQ(patched("Patient", "", {operation("replace", "Patient.gender", {part("value", R"("valueCode":"male")")})}),
            "patch_failed");
  EXPECT_EQ(patched("Patient", R"("contained":[{"resourceType":"Patient","id":"p","gender":"male"}])",
                    {operation("replace", "Patient.contained[0].gender", {part("value", R"("valueCode":"female")")})}),
            R"("contained":[{"resourceType":"Patient","id":"p","gender":"female"}])");
}

TEST(PathPatch, moves_within_a_list) {
  const char* const list = R"("name":[{"given":["1","2","3","4"]}])";
  const auto move = [](int from, int to) {
    return operation("move", "Patient.name.given",
                     {part("source", fmt::format(R"("valueInteger":{})", from)),
                      part("destination", fmt::format(R"("valueInteger":{})", to))});
  };
  EXPECT_EQ(patched("Patient", list, {move(3, 1)}), R"("name":[{"given":["1","4","2","3"]}])");
  EXPECT_EQ(patched("Patient", list, {move(3, 0)}), R"("name":[{"given":["4","1","2","3"]}])");
  EXPECT_EQ(patched("Patient", list, {move(0, 3)}), R"("name":[{"given":["2","3","4","1"]}])");
  EXPECT_EQ(patched("Patient", list, {move(1, 0), move(2, 1), move(3, 2)}), R"("name":[{"given":["2","3","4","1"]}])");
  EXPECT_EQ(patched("Patient", list, {move(0, 4)}), "patch_failed");
  EXPECT_EQ(patched("Patient", R"("name":[{"given":["1","2"],"_given":[null,{"id":"x"}]}])", {move(1, 0)}),
            R"("name":[{"given":["2","1"],"_given":[{"id":"x"},null]}])");
  EXPECT_EQ(patched("Patient", R"("name":[{"given":["1"]},{"given":["2"]}])", {move(1, 0)}), "patch_failed");
}

TEST(PathPatch, changes_elements_of_the_resource_and_nothing_else) {
  for (const char* path : {"1", "'a'", "Patient", "today()", "Patient.name.given.count()",
                           "Patient.managingOrganization.resolve()", "Patient.gender & 'x'", "%resource"})
    EXPECT_EQ(patched("Patient", R"("gender":"male","managingOrganization":{"reference":"Organization/1"})",
                      {operation("delete", path)}),
              "patch_failed")
        << path;
}

TEST(PathPatch, tells_every_problem_and_no_value) {
  const auto read = read_path_patch(
      parameters({operation("jump", "Patient"), operation("delete", "Patient..x"), operation("add", "Patient"),
                  operation("move", "Patient.name", {part("source", R"("valueInteger":-1)")}), R"({"name":"other"})"}));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().status, 400);
  std::vector<std::string> said;
  for (const Issue& issue : read.error().issues) said.push_back(issue.expression + ": " + issue.diagnostics);
  EXPECT_THAT(said,
              ElementsAre("Parameters.parameter[0]: type must be add, insert, delete, replace or move",
                          "Parameters.parameter[1]: path is no FHIRPath that is known here: path_syntax",
                          "Parameters.parameter[2]: add needs a name", "Parameters.parameter[2]: add needs a value",
                          "Parameters.parameter[3]: source must be a whole number from 0",
                          "Parameters.parameter[3]: destination must be a whole number from 0",
                          "Parameters.parameter[4]: each parameter must be named operation"));
  EXPECT_EQ(read_path_patch("{}").error().code, "patch_malformed");
  EXPECT_EQ(patched("Patient", R"("a":1)", {}), R"("a":1)");
}

}  // namespace
}  // namespace ward::fhir
