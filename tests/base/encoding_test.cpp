#include "base/encoding.hpp"
#include "base/buffer.hpp"
#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace ward {
namespace {

TEST(Encoding, base64url_follows_rfc_4648_vectors) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(base64url_encode(plain), coded);
    EXPECT_EQ(base64url_decode(coded), plain);
  }
  for (const char* bad : {"Zg==", "Zh", "Z", "Zm9v\n", "Zm+v"}) EXPECT_FALSE(base64url_decode(bad)) << bad;
}

TEST(Encoding, utf8_is_strict) {
  for (const char* good : {"a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) EXPECT_TRUE(is_utf8(good));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\x80", "\xE0\x80\x80"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(Encoding, json_strings_hold_no_raw_control_characters) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01\x7f\xff"), "\"a\\\"b\\\\c\\n\\u0001\\u007f\\ufffd\"");
  EXPECT_EQ(json_string("plain text, then \xC3\xA9 and plain again"), "\"plain text, then \xC3\xA9 and plain again\"");
  EXPECT_EQ(json_string(""), "\"\"");
}

TEST(Clock, rfc3339_there_and_back) {
  for (const char* text : {"2026-11-24T05:30:23.123Z", "1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z"})
    EXPECT_EQ(rfc3339(*parse_rfc3339(text)), text);
  EXPECT_EQ(rfc3339(*parse_rfc3339("2026-11-24T05:30:23+02:00")), "2026-11-24T03:30:23.000Z");
  for (const char* bad : {"2026-13-24T05:30:23Z", "2026-11-24", "2025-02-29T00:00:00Z", "2026-11-24T05:30:23"})
    EXPECT_FALSE(parse_rfc3339(bad)) << bad;
  EXPECT_EQ(http_date(*parse_rfc3339("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Buffer, keeps_zero_padding_past_its_end) {
  Buffer buffer("abc");
  buffer.append(std::string(1000, 'x'));
  buffer.resize(5);
  EXPECT_EQ(buffer.view(), "abcxx");
  for (std::size_t i = 0; i < Buffer::padding; ++i) EXPECT_EQ(buffer.data()[buffer.size() + i], 0);
}

}  // namespace
}  // namespace ward
