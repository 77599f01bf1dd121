#include "prove/leaves.hpp"
#include "prove/prover.hpp"
#include "prove/told.hpp"

#include "templates.hpp"

#include <gtest/gtest.h>

namespace ward::prove {
namespace {

namespace json = boost::json;

std::string edited(std::string_view body, Leaf what, const std::string& wanted = "") {
  json::value resource = json::parse(body);
  edit_leaves(resource,
              [&](const std::string& place) { return wanted.empty() || place == wanted ? what : Leaf::keep; });
  return json::serialize(resource);
}

TEST(Leaves, change_keeps_the_kind_and_the_length) {
  EXPECT_EQ(edited(R"({"resourceType":"X","id":"1","a":"Zz9-","b":true,"c":4,"d":"2024-02-28"})", Leaf::change),
            R"({"resourceType":"X","id":"1","a":"Aa0-","b":false,"c":5,"d":"2024-02-01"})");
}

TEST(Leaves, what_says_whose_it_is_stays) {
  const std::string_view body = R"({"resourceType":"X","id":"1","subject":{"reference":"Patient/1"}})";
  EXPECT_EQ(edited(body, Leaf::change), body);
  EXPECT_EQ(edited(body, Leaf::remove), body);
}

TEST(Leaves, what_becomes_empty_goes) {
  EXPECT_EQ(
      edited(R"({"resourceType":"X","name":[{"family":"A"},{"given":["B"]}],"x":1})", Leaf::remove, "X.name[].family"),
      R"({"resourceType":"X","name":[{"given":["B"]}],"x":1})");
}

TEST(Leaves, items_are_told_apart_by_their_system) {
  EXPECT_EQ(edited(R"({"resourceType":"X","i":[{"system":"a","value":"1"},{"system":"b","value":"1"}]})", Leaf::change,
                   "X.i[b].value"),
            R"({"resourceType":"X","i":[{"system":"a","value":"1"},{"system":"b","value":"2"}]})");
}

TEST(Told, what_is_made_anew_is_masked_and_nothing_else) {
  const Reply one{
      200, {{"x-request-id", "a"}, {"etag", "W/\"1\""}}, R"({"lastUpdated":"2026","link":"x?_page=abc&b"})"};
  const Reply same{
      200, {{"etag", "W/\"1\""}, {"x-request-id", "b"}}, R"({"lastUpdated":"2027","link":"x?_page=abd&b"})"};
  const Reply longer{200, {{"etag", "W/\"1\""}}, R"({"lastUpdated":"2027","link":"x?_page=abcd&b"})"};
  EXPECT_EQ(told(one), told(same));
  EXPECT_NE(told(one), told(longer));
}

TEST(Prove, a_role_with_a_view_and_few_patients_learns_nothing) {
  const auto document = config::Document::parse(app::demo_template(), "ward.toml");
  const auto folder = std::filesystem::temp_directory_path() / ("ward-prove-" + std::to_string(::getpid()));
  const auto proof = prove({.policy = access::Policy::load(document->root()),
                            .role = "front-desk",
                            .directory = folder,
                            .requests_max = 1'500,
                            .patients = 4},
                           [](const ProofProgress&) {});
  std::filesystem::remove_all(folder);
  ASSERT_TRUE(proof) << proof.error().text();
  EXPECT_GT(proof->removed, 0U);
  EXPECT_FALSE(proof->elements.empty());
  EXPECT_GT(proof->found, 50U);
  EXPECT_TRUE(proof->differences.empty()) << proof->differences.front().smallest.text();
}

}  // namespace
}  // namespace ward::prove
