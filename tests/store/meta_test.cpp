#include "meta.hpp"

#include <gtest/gtest.h>

namespace ward::store {
namespace {

const WallTime at = *parse_rfc3339("2026-11-24T05:30:23.123Z");
constexpr std::string_view V = R"("versionId":"7")";
constexpr std::string_view U = R"("lastUpdated":"2026-11-24T05:30:23.123Z")";

TEST(Meta, is_set_by_span_and_every_other_byte_stays) {
  struct Case {
    const char* name;
    std::string body, expected;
  };
  const std::string both = fmt::format("{},{}", V, U);
  const Case cases[] = {
      {"no meta, type and id first", R"({"resourceType":"Patient","id":"1","active":true})",
       R"({"resourceType":"Patient","id":"1","meta":{)" + both + R"(},"active":true})"},
      {"no meta, only a type", R"({"resourceType":"Patient"})", R"({"resourceType":"Patient","meta":{)" + both + "}}"},
      {"no meta, id before type", R"({"id":"1","resourceType":"Patient","a":1})",
       R"({"id":"1","resourceType":"Patient","meta":{)" + both + R"(},"a":1})"},
      {"no meta, type last", R"({"a":[{"id":"x"}],"b":2,"resourceType":"Patient"})",
       R"({"a":[{"id":"x"}],"meta":{)" + both + R"(},"b":2,"resourceType":"Patient"})"},
      {"empty object", "{ }", R"({"meta":{)" + both + "} }"},
      {"white space is kept", "{\n  \"resourceType\" : \"Patient\" ,\n  \"x\" : 1.00\n}\n",
       "{\n  \"resourceType\" : \"Patient\",\"meta\":{" + both + "} ,\n  \"x\" : 1.00\n}\n"},
      {"empty meta", R"({"resourceType":"P","meta":{ },"a":1})", R"({"resourceType":"P","meta":{)" + both + R"( },"a":1})"},
      {"meta with a profile", R"({"resourceType":"P","meta":{"profile":["u"]}})",
       R"({"resourceType":"P","meta":{)" + both + R"(,"profile":["u"]}})"},
      {"both are replaced in their places", R"({"meta":{"lastUpdated" : "2000-01-01T00:00:00Z","tag":[],"versionId":"3"},"a":1})",
       R"({"meta":{"lastUpdated" : "2026-11-24T05:30:23.123Z","tag":[],"versionId":"7"},"a":1})"},
      {"only the version is there", R"({"meta":{"versionId":"3"}})", "{\"meta\":{" + std::string(U) + R"(,"versionId":"7"}})"},
      {"only the time is there", R"({"meta":{"lastUpdated":"2000-01-01T00:00:00Z"}})",
       "{\"meta\":{" + std::string(V) + R"(,"lastUpdated":"2026-11-24T05:30:23.123Z"}})"},
      {"meta elsewhere is not ours", R"({"resourceType":"B","entry":[{"meta":{"versionId":"1"}}],"contained":[{"meta":{}}]})",
       R"({"resourceType":"B","meta":{)" + both + R"(},"entry":[{"meta":{"versionId":"1"}}],"contained":[{"meta":{}}]})"},
      {"versionId deeper in meta is not ours", R"({"meta":{"extension":[{"versionId":"1","lastUpdated":"x"}]}})",
       R"({"meta":{)" + both + R"(,"extension":[{"versionId":"1","lastUpdated":"x"}]}})"},
      {"text that looks like meta", R"({"resourceType":"P","a":"\"meta\":{\"versionId\":\"1\"}","b":"}{][\\"})",
       R"({"resourceType":"P","meta":{)" + both + R"(},"a":"\"meta\":{\"versionId\":\"1\"}","b":"}{][\\"})"},
      {"a name with escapes", R"({"m\u0065ta":{"version\u0049d":"1"},"a":1})",
       "{\"m\\u0065ta\":{" + std::string(U) + R"(,"version\u0049d":"7"},"a":1})"},
      {"an escaped name that is another", R"({"resourceType":"P","\u006eeta":{}})",
       R"({"resourceType":"P","meta":{)" + both + R"(},"\u006eeta":{}})"},
      {"meta is null", R"({"resourceType":"P","meta":null,"a":1})", R"({"resourceType":"P","meta":{)" + both + R"(},"a":1})"},
      {"meta last after nested arrays", R"({"a":[[["}"]],{"b":[]}],"meta":{"tag":[{"code":"{"}]}})",
       R"({"a":[[["}"]],{"b":[]}],"meta":{)" + both + R"(,"tag":[{"code":"{"}]}})"},
      {"primitive extension beside", R"({"meta":{"_lastUpdated":{"id":"x"},"lastUpdated":"1"}})",
       "{\"meta\":{" + std::string(V) + R"(,"_lastUpdated":{"id":"x"},"lastUpdated":"2026-11-24T05:30:23.123Z"}})"},
  };
  for (const Case& c : cases) {
    const auto spans = MetaSpans::find(c.body);
    ASSERT_TRUE(spans) << c.name;
    EXPECT_EQ(spans->apply(c.body, 7, at).view(), c.expected) << c.name;
  }
}

TEST(Meta, what_is_not_an_object_is_refused) {
  for (const char* body : {"", "[]", "null", "\"{}\"", "{", "{\"a\"}", "{\"a\":1,}", "{\"a\":\"\\", "{\"a\":1} x", "{\"meta\":{\"a\"}}"}) {
    const auto spans = MetaSpans::find(body);
    EXPECT_FALSE(spans) << body;
  }
}

}  // namespace
}  // namespace ward::store
