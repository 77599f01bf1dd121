#include "base/config.hpp"

#include <gtest/gtest.h>

namespace ward::config {
namespace {

using namespace std::chrono_literals;

TEST(Config, reads_typed_values_with_units) {
  const auto document =
      Document::parse("[limits]\nbody = \"8 MiB\"\nidle = \"60 s\"\nrate = \"600/min\"\n", "ward.toml");
  ASSERT_TRUE(document);
  const Section limits = document->root().section("limits");
  EXPECT_EQ(limits.bytes("body", 1), 8u << 20);
  EXPECT_EQ(limits.duration("idle", 1ms), 60s);
  EXPECT_DOUBLE_EQ(limits.rate("rate", 1), 10);
  EXPECT_TRUE(document->finish().empty());
}

TEST(Config, names_line_and_remedy) {
  struct Case {
    const char* name;
    const char* toml;
    const char* expected;
  };
  const Case cases[] = {
      {"unknown key suggests", "[limits]\nbdy = \"1 MiB\"\n",
       "ward.toml:2: limits.bdy: unknown key; did you mean \"body\"?"},
      {"missing unit", "[limits]\n\nbody = 8\n",
       "ward.toml:3: limits.body: needs a number and a unit (B, KiB, MiB, GiB), as in \"8 MiB\""},
      {"syntax", "[limits\n", "ward.toml:1: "},
  };
  for (const Case& c : cases) {
    const auto document = Document::parse(c.toml, "ward.toml");
    std::vector<Problem> problems;
    if (document) {
      document->root().section("limits").bytes("body", 1);
      problems = document->finish();
    } else {
      problems = document.error();
    }
    ASSERT_EQ(problems.size(), 1u) << c.name;
    EXPECT_TRUE(problems[0].text().starts_with(c.expected)) << c.name << ": " << problems[0].text();
  }
}

TEST(Config, what_the_parser_takes_for_granted_is_a_problem_with_its_line) {
  for (const char* text : {"[a]\nb = [\n1,\n2]\n[,x]\n", "\n\n\n\n[,"}) {
    const auto document = Document::parse(text, "ward.toml");
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().front().line, 5U) << text;
  }
}

TEST(Config, letters_beyond_ascii_are_text_in_quotes_and_a_problem_elsewhere) {
  const auto quoted = Document::parse("[a]\nb = \"\xC3\xA9 \xEF\xBA\xBF\"\nc = \"\"\"\\\n  \xC3\xA9\"\"\"\n", "ward.toml");
  ASSERT_TRUE(quoted);
  EXPECT_EQ(quoted->root().section("a").text("b"), "\xC3\xA9 \xEF\xBA\xBF");
  EXPECT_EQ(quoted->root().section("a").text("c"), "\xC3\xA9");
  for (const char* text : {"\n\xC3\xA9 = 1\n", "\na = \xEF\xBA\xBF\n", "\na = +\"\xEF\xBA\xBF\"\n"}) {
    const auto document = Document::parse(text, "ward.toml");
    ASSERT_FALSE(document) << text;
    EXPECT_EQ(document.error().front().line, 2U) << text;
  }
}

}  // namespace
}  // namespace ward::config
