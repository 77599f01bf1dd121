#include "cbor.hpp"

#include "base/encoding.hpp"
#include "software_authenticator.hpp"

#include <gtest/gtest.h>

namespace ward::factors::cbor {
namespace {

using namespace test;

std::string nested(unsigned levels) { return std::string(levels - 1, '\x81') + '\x01'; }

TEST(Cbor, reads_what_authenticators_write) {
  const std::string source =
      cbor_map({cbor_integer(1), cbor_integer(-7), cbor_text("list"),
                cbor_array({cbor_bytes("a"), cbor_map({cbor_integer(-1), cbor_true}), cbor_text("é")}),
                cbor_integer(-3), cbor_integer(4'294'967'296)});
  const auto document = Document::parse(source);
  ASSERT_TRUE(document);
  const Item* root = &document->root();
  EXPECT_EQ(root->encoding, source);
  EXPECT_EQ(integer(document->member(root, 1)), -7);
  EXPECT_EQ(integer(document->member(root, -3)), 4'294'967'296);
  EXPECT_EQ(document->member(root, 2), nullptr);
  EXPECT_EQ(document->member(root, "lis"), nullptr);
  const Item* list = document->member(root, "list");
  ASSERT_TRUE(is(list, Type::array));
  const auto elements = document->elements(*list);
  ASSERT_EQ(elements.size(), 3u);
  EXPECT_EQ(elements[0]->string, "a");
  EXPECT_EQ(document->member(elements[1], -1)->number, 1u);
  EXPECT_EQ(elements[2]->string, "é");
  EXPECT_EQ(document->member(elements[0], 1), nullptr) << "no map";
}

TEST(Cbor, integers_have_64_bits) {
  const auto read = [](const std::string& source) {
    const auto document = Document::parse(source);
    return document ? integer(&document->root()) : std::nullopt;
  };
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{23}, std::int64_t{24}, std::int64_t{255}, std::int64_t{256}, std::int64_t{65'536},
        INT64_MAX, std::int64_t{-1}, std::int64_t{-24}, std::int64_t{-25}, std::int64_t{-257}, INT64_MIN})
    EXPECT_EQ(read(cbor_integer(value)), value);
  EXPECT_EQ(read(cbor_head(0, 1ull << 63)), std::nullopt);
  EXPECT_EQ(read(cbor_head(1, 1ull << 63)), std::nullopt);
}

TEST(Cbor, levels_and_items_are_bounded) {
  EXPECT_TRUE(Document::parse(nested(Document::depth_max)));
  EXPECT_FALSE(Document::parse(nested(Document::depth_max + 1)));
  EXPECT_TRUE(Document::parse(cbor_head(4, 255) + std::string(255, '\0')));
  EXPECT_FALSE(Document::parse(cbor_head(4, 256) + std::string(256, '\0')));
  for (const unsigned major : {2u, 3u, 4u, 5u})
    for (const unsigned bits : {8u, 16u, 31u, 32u, 60u, 63u})
      EXPECT_FALSE(Document::parse(cbor_head(major, 1ull << bits))) << major << " " << bits;
}

TEST(Cbor, refuses_what_ctap2_does_not_have) {
  const std::pair<const char*, std::string> cases[] = {
      {"nothing", ""},
      {"cut head", "\x19\x01"},
      {"cut bytes", "\x42x"},
      {"cut array", "\x82\x01"},
      {"cut map", "\xA1\x01"},
      {"indefinite bytes", "\x5F\x41x\xFF"},
      {"indefinite text", "\x7F\x61x\xFF"},
      {"indefinite array", "\x9F\x01\xFF"},
      {"indefinite map", "\xBF\x01\x01\xFF"},
      {"break", "\xFF"},
      {"tag", "\xC0\x61x"},
      {"half float", std::string("\xF9\x3C\x00", 3)},
      {"float", std::string("\xFA\x3F\x80\x00\x00", 5)},
      {"double", std::string("\xFB\x3F\xF0\x00\x00\x00\x00\x00\x00", 9)},
      {"undefined", "\xF7"},
      {"simple value", "\xE0"},
      {"reserved", "\x1C"},
      {"text that is not UTF-8", "\x62\xC3\x28"},
      {"key twice", cbor_map({cbor_text("a"), cbor_integer(1), cbor_text("a"), cbor_integer(2)})},
      {"key twice, longer written", "\xA2\x01\x01\x18\x01\x02"},
      {"key of bytes", cbor_map({cbor_bytes("a"), cbor_integer(1)})},
      {"key of a list", cbor_map({cbor_array({}), cbor_integer(1)})},
      {"key of truth", cbor_map({cbor_true, cbor_integer(1)})},
      {"something behind", "\x01\x01"},
  };
  for (const auto& [name, source] : cases) EXPECT_FALSE(Document::parse(source)) << name;
  EXPECT_EQ(Document::parse_first("\x01\x01")->root().encoding, "\x01");
}

TEST(Cbor, a_key_may_come_again_inside_its_value) {
  EXPECT_TRUE(Document::parse(cbor_map({cbor_text("a"), cbor_map({cbor_text("a"), cbor_integer(1)}), cbor_text("b"),
                                        cbor_map({cbor_text("a"), cbor_text("b")})})));
}

}  // namespace
}  // namespace ward::factors::cbor
