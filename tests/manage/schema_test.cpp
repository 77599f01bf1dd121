// Bodies are read strictly, and all that is wrong is said at its place.
#include "schema.hpp"
#include "schemas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::manage {
namespace {

std::string wrong_in(std::string_view text, const Schema& schema) {
  const auto read = read_body(text, schema);
  if (read) return "";
  std::string all;
  for (const FieldProblem& one : read.error()) all += (all.empty() ? "" : " ") + one.pointer;
  return all;
}

struct Case {
  const char* name;
  std::string text;
  std::string pointers;  // empty: it is taken
};

TEST(Schema, says_what_is_wrong_where_it_is) {
  const std::string long_name(65, 'a');
  const Case cases[] = {
      {"good", R"({"username":"ann.b@c-d","roles":["nurse","front-desk"]})", ""},
      {"all members",
       R"({"username":"a","roles":[],"fhir_user":"Patient/1","purposes":["TREAT"],"name":"Ann","disabled":false,)"
       R"("password":"12345678","totp_secret":"AAAAAAAAAAAAAAAAAAAAAAAAAA"})",
       ""},
      {"unknown", R"({"username":"a","roles":[],"admin":1})", "#/admin"},
      {"required", R"({})", "#/username #/roles"},
      {"word", R"({"username":"a b","roles":[]})", "#/username"},
      {"empty word", R"({"username":"","roles":[]})", "#/username"},
      {"long word", R"({"username":")" + long_name + R"(","roles":[]})", "#/username"},
      {"escaped word", R"({"username":"a\u0062","roles":[]})", ""},
      {"escaped blank", R"({"username":"a\u0020b","roles":[]})", "#/username"},
      {"list element", R"({"username":"a","roles":["x","y z",3]})", "#/roles/1 #/roles/2"},
      {"no list", R"({"username":"a","roles":"x"})", "#/roles"},
      {"control character", "{\"username\":\"a\",\"roles\":[],\"name\":\"a\\u0007b\"}", "#/name"},
      {"boolean", R"({"username":"a","roles":[],"disabled":1})", "#/disabled"},
      {"null", R"({"username":"a","roles":[],"name":null})", "#/name"},
      {"twice", R"({"username":"a","username":"b","roles":[]})", "#"},
      {"pointer is escaped", R"({"username":"a","roles":[],"a/b~c":1})", "#/a~1b~0c"},
      {"no object", "[]", "#"},
      {"no JSON", "{", "#"},
      {"empty", "", "#"},
      {"behind it", R"({"username":"a","roles":[]} x)", "#"},
  };
  for (const Case& one : cases) EXPECT_EQ(wrong_in(one.text, new_user), one.pointers) << one.name;
}

TEST(Schema, of_a_change_requires_nothing_and_takes_null) {
  EXPECT_EQ(wrong_in(R"({"name":null})", user_change), "");
  EXPECT_EQ(wrong_in(R"({"disabled":true})", user_change), "");
  EXPECT_EQ(wrong_in(R"({"username":"b"})", user_change), "#/username");
  EXPECT_EQ(wrong_in("{}", user_change), "#");
}

TEST(Schema, of_a_registration_checks_numbers_and_choices) {
  EXPECT_EQ(wrong_in(R"({"client_id":"a","access_token_lifetime":3600})", new_client), "");
  for (const char* number : {"-1", "3601", "1.5", "1e2", "\"5\"", "99999999999999999999"})
    EXPECT_EQ(wrong_in(R"({"client_id":"a","access_token_lifetime":)" + std::string(number) + "}", new_client),
              "#/access_token_lifetime")
        << number;
  EXPECT_EQ(wrong_in(R"({"client_id":"a","grant_types":["password"]})", new_client), "#/grant_types/0");
  EXPECT_EQ(wrong_in(R"({"client_id":"a","jwks":"x"})", new_client), "#/jwks");
}

TEST(Schema, problems_are_bounded_and_hold_no_value) {
  std::string many = "{";
  for (int i = 0; i < 1000; ++i) many += (i > 0 ? ",\"s3cret" : "\"s3cret") + std::to_string(i) + "\":\"v4lue\"";
  const auto read = read_body(many + "}", new_user);
  ASSERT_FALSE(read);
  EXPECT_LE(read.error().size(), list_max + 8);
  for (const FieldProblem& one : read.error()) EXPECT_THAT(one.detail, ::testing::Not(::testing::HasSubstr("v4lue")));
}

TEST(Schema, is_told_as_json_schema) {
  const auto told = json_schema(new_user);
  EXPECT_EQ(told.at("additionalProperties"), false);
  EXPECT_EQ(told.at("required"), (boost::json::array{"username", "roles"}));
  EXPECT_EQ(told.at("properties").at("username").at("pattern"), "^[A-Za-z0-9._@-]{1,64}$");
  const auto change = json_schema(user_change);
  EXPECT_FALSE(change.contains("required"));
  EXPECT_EQ(change.at("properties").at("name").at("type"), (boost::json::array{"string", "null"}));
}

}  // namespace
}  // namespace ward::manage
