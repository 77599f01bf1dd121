#include "request_line.hpp"

#include <gtest/gtest.h>

namespace ward::shield {
namespace {

using Strings = std::vector<std::string>;

TEST(RequestLine, a_path_is_decoded_once_into_segments) {
  const std::pair<const char*, Strings> cases[] = {
      {"/", {}},
      {"/fhir/Patient/1", {"fhir", "Patient", "1"}},
      {"/fhir/Patient/", {"fhir", "Patient"}},
      {"/fhir/a%20b", {"fhir", "a b"}},
      {"/fhir/caf%C3%A9", {"fhir", "caf\xC3\xA9"}},
      {"/fhir/$everything", {"fhir", "$everything"}},
      {"/fhir/100%25", {"fhir", "100%"}},
      {"/a/...", {"a", "..."}},
      {"/.well-known/smart-configuration", {".well-known", "smart-configuration"}},
  };
  for (const auto& [raw, segments] : cases) {
    const auto read = path_segments(raw);
    ASSERT_TRUE(read) << raw << ": " << read.error().cause;
    EXPECT_EQ(*read, segments) << raw;
  }
}

TEST(RequestLine, a_path_that_two_readers_could_read_differently_is_refused) {
  const char* cases[] = {"",
                         "fhir",
                         "//fhir",
                         "/fhir//Patient",
                         "/fhir/../admin",
                         "/fhir/%2e%2e/admin",
                         "/fhir/.",
                         "/fhir/%2E",
                         "/a%2Fb",
                         "/a%2fb",
                         "/a%5Cb",
                         "/a\\b",
                         "/a;b=c/d",
                         "/a%3Bb",
                         "/a%00b",
                         "/a%0Ab",
                         "/a%7F",
                         "/a%",
                         "/a%4",
                         "/a%zz",
                         "/%252e%252e/x",
                         "/a%2541",
                         "/%25u002e",
                         "/a%C0%AE",
                         "/a%FF",
                         "/a%ED%A0%80",
                         "/a b",
                         "/caf\xC3\xA9",
                         "/a\"b",
                         "/a<b",
                         "/a|b",
                         "/a?b",
                         "/a#b",
                         "//"};
  for (const char* raw : cases) {
    const auto read = path_segments(raw);
    ASSERT_FALSE(read) << raw;
    EXPECT_EQ(read.error().status, 400);
    EXPECT_EQ(read.error().code, "path_malformed");
    EXPECT_FALSE(read.error().cause.empty());
  }
}

TEST(RequestLine, a_query_is_decoded_once_in_order) {
  const auto read = parse_query("name=O%27Brien&name=b+c&empty=&flag&code=http%3A%2F%2Floinc.org%7C1&&x=a=b&y=100%25");
  ASSERT_TRUE(read);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"name", "O'Brien"}, {"name", "b c"}, {"empty", ""}, {"flag", ""}, {"code", "http://loinc.org|1"},
      {"x", "a=b"},        {"y", "100%"}};
  EXPECT_EQ(*read, expected);
  EXPECT_TRUE(parse_query("")->empty());
  EXPECT_TRUE(parse_query("note=a%0Ab%09c"));
}

TEST(RequestLine, a_query_with_bad_bytes_is_refused) {
  for (const char* raw : {"a=%00", "a=%01", "a=%7F", "a=%", "a=%4", "a=%zz", "a=%C0%80", "a=%ED%A0%80", "=1", "%00=1",
                          "a;b=1", "a=\x01"}) {
    const auto read = parse_query(raw);
    ASSERT_FALSE(read) << raw;
    EXPECT_EQ(read.error().code, "query_malformed");
  }
  std::string many;
  for (int i = 0; i < 300; ++i) many += "a=1&";
  EXPECT_FALSE(parse_query(many));
  EXPECT_TRUE(parse_query(many, 300));
}

TEST(RequestLine, header_values_and_tokens) {
  EXPECT_TRUE(is_header_value("Mozilla/5.0\t(x)"));
  EXPECT_TRUE(is_header_value(""));
  for (const char* bad : {"a\r\nb", "a\nb", "a\x01", "a\x7F", "a\xFF"}) EXPECT_FALSE(is_header_value(bad)) << bad;
  EXPECT_FALSE(is_header_value(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_token("x-request-id"));
  for (const char* bad : {"", "a b", "a:", "\xC3\xA9", "a/b"}) EXPECT_FALSE(is_token(bad)) << bad;
  EXPECT_TRUE(is_clean_text("BP <120\r\n\tok"));
  for (const char* bad : {"a\x1B[2J", "a\x08", "\xC0\x80"}) EXPECT_FALSE(is_clean_text(bad)) << bad;
}

}  // namespace
}  // namespace ward::shield
