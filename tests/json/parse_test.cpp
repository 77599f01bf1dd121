#include "json/json.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ward::json {
namespace {

TEST(Json, takes_what_rfc_8259_allows) {
  const char* const good[] = {
      "null",
      "true",
      " false ",
      "0",
      "-0",
      "-0.0",
      "12.50",
      "1e5",
      "1E+5",
      "0.1e-7",
      "123456789012345678901234567890",
      "\"\"",
      "\"a\"",
      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
      "\"\\u0000\"",
      "\"\\ud834\\udd1e\"",
      "\"\xC3\xA9\"",
      "\"\xF4\x8F\xBF\xBF\"",
      "\"\x7F\"",
      "[]",
      "[ ]",
      "{}",
      "{ }",
      "[[]]",
      "[1,2 , 3]",
      "{\"a\":1}",
      "{\"\":0}",
      "{\"a\":{\"a\":[{\"a\":1}]}}",
      "\t\r\n [\n1\n]\n",
      "{\"a\":1,\"A\":2}",
      "[null,null]",
      "\"sixteen bytes and a few more\"",
  };
  for (const char* const text : good) {
    const auto document = Document::parse(text);
    EXPECT_TRUE(document) << text << ": " << (document ? "" : document.error().message());
  }
}

TEST(Json, refuses_what_is_not_json_and_says_where) {
  struct Case {
    const char* text;
    const char* message_begin;
  };
  const Case cases[] = {
      {"", "line 1, column 1: "},
      {" ", "line 1, column 2: "},
      {"\xEF\xBB\xBF{}", "line 1, column 1: "},
      {"nul", "line 1, column 1: "},
      {"nulll", "line 1, column 5: "},
      {"True", "line 1, column 1: "},
      {"NaN", "line 1, column 1: "},
      {"Infinity", "line 1, column 1: "},
      {"01", "line 1, column 2: "},
      {"-01", "line 1, column 3: "},
      {"+1", "line 1, column 1: "},
      {"-", "line 1, column 2: "},
      {".5", "line 1, column 1: "},
      {"1.", "line 1, column 3: "},
      {"1.e1", "line 1, column 3: "},
      {"1e", "line 1, column 3: "},
      {"1e+", "line 1, column 4: "},
      {"0x10", "line 1, column 2: "},
      {"1 2", "line 1, column 3: "},
      {"\"a", "line 1, column 3: "},
      {"'a'", "line 1, column 1: "},
      {"\"\\", "line 1, column 2: "},
      {"\"\\x41\"", "line 1, column 2: "},
      {"\"\\u12g4\"", "line 1, column 2: "},
      {"\"\\u12\"", "line 1, column 2: "},
      {"\"\\ud834\"", "line 1, column 2: a high surrogate"},
      {"\"\\ud834\\u0041\"", "line 1, column 2: a high surrogate"},
      {"\"\\ud834\\\\dd1e1\"", "line 1, column 2: a high surrogate"},
      {"\"\\udd1e\"", "line 1, column 2: a low surrogate"},
      {"\"a\tb\"", "line 1, column 3: control"},
      {"\"a\nb\"", "line 1, column 3: control"},
      {"\"\xFF\"", "line 1, column "},
      {"\"\xC0\xAF\"", "line 1, column "},
      {"\"\xED\xA0\x80\"", "line 1, column "},
      {"\"\xF4\x90\x80\x80\"", "line 1, column "},
      {"[", "line 1, column 2: "},
      {"[1", "line 1, column 3: "},
      {"[1,", "line 1, column 4: "},
      {"[1,]", "line 1, column 4: "},
      {"[,1]", "line 1, column 2: "},
      {"[1 2]", "line 1, column 4: "},
      {"[1}", "line 1, column 3: "},
      {"]", "line 1, column 1: "},
      {"[]]", "line 1, column 3: "},
      {"{", "line 1, column 2: "},
      {"{\"a\"}", "line 1, column 5: "},
      {"{\"a\":}", "line 1, column 6: "},
      {"{\"a\" 1}", "line 1, column 6: "},
      {"{\"a\":1,}", "line 1, column 8: "},
      {"{a:1}", "line 1, column 2: "},
      {"{1:1}", "line 1, column 2: "},
      {"{\"a\":1]", "line 1, column 7: "},
      {"{\"a\":1 \"b\":2}", "line 1, column 8: "},
      {"{}{}", "line 1, column 3: "},
      {"// c\n1", "line 1, column 1: "},
      {"[1/**/]", "line 1, column 3: "},
      {"{\n  \"a\": 1,\n  \"b\" 2\n}", "line 3, column 7: "},
      {"{\"a\":1,\n\"b\":2,\n\"a\":3}", "line 3, column 1: the object has two members"},
      {"{\"a\":1,\"\\u0061\":3}", "line 1, column 8: the object has two members"},
      {"{\"x\":{\"\\u0061\":1,\"\\u0061\":3}}", "line 1, column 18: the object has two members"},
  };
  for (const Case& c : cases) {
    const auto document = Document::parse(c.text);
    ASSERT_FALSE(document) << c.text;
    EXPECT_EQ(document.error().code(), "json_malformed") << c.text;
    EXPECT_TRUE(document.error().message().starts_with(c.message_begin))
        << c.text << ": " << document.error().message();
  }
  const std::string null_inside("[1,\0]", 5);
  EXPECT_FALSE(Document::parse(null_inside));
}

TEST(Json, duplicates_are_found_in_large_objects_too) {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += "\"member" + std::to_string(i) + "\":" + std::to_string(i) + ",\n";
  EXPECT_TRUE(Document::parse(text + "\"last\":0}"));
  const auto document = Document::parse(text + "\"member17\":0}");
  ASSERT_FALSE(document);
  EXPECT_TRUE(document.error().message().starts_with("line 5001, column 1: ")) << document.error().message();
}

TEST(Json, limits_hold_at_their_edge) {
  const Limits limits{.depth_max = 3, .members_max = 4};
  EXPECT_TRUE(Document::parse("[[[1]]]", limits));
  const auto deep = Document::parse("[[[[1]]]]", limits);
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().code(), "json_too_deep");
  EXPECT_TRUE(Document::parse("[1,2,3,4]", limits));
  const auto large = Document::parse("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}", limits);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code(), "json_too_large");
  EXPECT_EQ(Document::parse(std::string(1'000'000, '[')).error().code(), "json_too_deep");
}

TEST(Json, values_are_spans_of_the_source) {
  const std::string source =
      R"({"resourceType": "Patient", "active":true, "x": [1.50, {"y": "\u00e9\n"}, null], "e\u0061": {}})";
  const auto document = Document::parse(source);
  ASSERT_TRUE(document);
  const Value root = document->root();
  ASSERT_TRUE(root.is_object());
  EXPECT_EQ(root.size(), 4u);
  EXPECT_EQ(root.raw(), source);
  EXPECT_EQ(root.string("resourceType"), "Patient");
  EXPECT_TRUE(root["active"].boolean());
  const Value x = root["x"];
  EXPECT_EQ(x.size(), 3u);
  EXPECT_EQ(x.name(), "x");
  EXPECT_EQ(source[x.name_begin()], '"');
  EXPECT_EQ(x.first().raw(), "1.50");
  EXPECT_EQ(x.first().next()["y"].text(), "\xC3\xA9\n");
  EXPECT_EQ(x.first().next()["y"].name(), "y");
  EXPECT_EQ(x.first().next().next().type(), Type::null);
  EXPECT_FALSE(x.first().next().next().next());
  EXPECT_EQ(x.next().name(), "ea");
  EXPECT_EQ(root["ea"].size(), 0u);
  EXPECT_FALSE(root["ea"].first());
  EXPECT_FALSE(root["absent"]["deeper"]["still"]);
  std::string scratch;
  EXPECT_EQ(root["resourceType"].text(scratch).data(), source.data() + root["resourceType"].begin() + 1);
  EXPECT_EQ(document->position(source.size()).column, source.size() + 1);
}

TEST(Json, decodes_every_kind_of_escape) {
  const auto document = Document::parse(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud834\udd1e.")");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().text(), "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9D\x84\x9E.");
}

TEST(Json, errors_never_repeat_the_source) {
  const auto document = Document::parse("{\"name\": \"Jane Roe\", \"name\": Zebra}");
  ASSERT_FALSE(document);
  EXPECT_EQ(document.error().text().find("Jane"), std::string::npos);
  EXPECT_EQ(document.error().text().find("Zebra"), std::string::npos);
}

}  // namespace
}  // namespace ward::json
