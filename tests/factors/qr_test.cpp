#include "qr.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::factors {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(Qr, is_inline_svg_that_a_strict_policy_lets_stand) {
  const std::string svg = qr_svg("otpauth://totp/Ward:dora?secret=GEZDGNBVGY3TQOJQ", "Key for your app <\"&>");
  EXPECT_THAT(svg, StartsWith("<svg xmlns="));
  EXPECT_THAT(svg, HasSubstr("role=\"img\" aria-label=\"Key for your app &lt;&quot;&amp;&gt;\""));
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 "));
  EXPECT_THAT(svg, Not(HasSubstr("style=")));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  EXPECT_THAT(svg, Not(HasSubstr("secret=")));
  EXPECT_EQ(svg.find("<path"), svg.rfind("<path"));
}

// WCAG 2.2, 1.1.1: no picture that says it is one and has no name.
TEST(Qr, is_hidden_where_its_surroundings_have_the_name) {
  EXPECT_THAT(qr_svg("ward"), HasSubstr("aria-hidden=\"true\""));
  EXPECT_THAT(qr_svg("ward"), Not(HasSubstr("role=")));
}

// Version 1 (21 modules): the finder patterns stand in three corners, seven modules wide (ISO/IEC 18004 6.3.3.1).
TEST(Qr, has_its_finder_patterns_inside_a_quiet_zone_of_four) {
  const std::string svg = qr_svg("ward");
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 29 29\""));
  EXPECT_THAT(svg, HasSubstr("d=\"M4 4h7v1h-7z"));
  EXPECT_THAT(svg, HasSubstr("M18 4h7v1h-7z"));
  EXPECT_THAT(svg, HasSubstr("M4 24h7v1h-7z"));
}

TEST(Qr, takes_what_it_promises_and_no_more) {
  EXPECT_NE(qr_svg(std::string(qr_text_bytes_max, 'x')), "");
  EXPECT_EQ(qr_svg(std::string(qr_text_bytes_max + 1, 'x')), "");
  EXPECT_EQ(qr_svg(""), "");
  EXPECT_NE(qr_svg(std::string_view("a\0b", 3)), "") << "bytes, not a C string";
}

}  // namespace
}  // namespace ward::factors
