#include "narrative.hpp"

#include "narrative_rules.hpp"

#include <gtest/gtest.h>

namespace ward::shield {
namespace {

std::string div(std::string_view inside) {
  return fmt::format("<div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div>", inside);
}

TEST(Narrative, what_fhir_allows_passes) {
  const char* cases[] = {
      "BP &lt;120 &amp; falling",
      "<p class=\"x\" id=\"a\">text<br/><b>bold</b></p>",
      "<table border=\"1\"><tbody><tr><td colspan=\"2\" style=\"color: red; padding-left: "
      "2px\">x</td></tr></tbody></table>",
      "<a href=\"https://example.org/x?a=1&amp;b=2\">x</a><a href=\"#a\">y</a><a name=\"a\"/><a "
      "href=\"mailto:x@example.org\">z</a><a href=\"Patient/1\">r</a>",
      "<img src=\"data:image/png;base64,AAAA\" alt=\"x\"/><img src=\"#pic\" alt=\"y\"/><img src=\"pic.png\" "
      "alt=\"z\"/>",
      "<p xml:lang=\"en\" lang=\"en\">x</p>",
      "<p>&#160;&#xA9;</p>",
      "<p>a <![CDATA[<b>]]></p>",
      "<p style=\"\">x</p>",
  };
  for (const char* inside : cases) {
    const Narrative narrative = check_narrative(div(inside));
    EXPECT_TRUE(std::holds_alternative<NarrativePasses>(narrative))
        << inside
        << testing::PrintToString(std::holds_alternative<NarrativeCleaned>(narrative)
                                      ? std::get<NarrativeCleaned>(narrative).removed
                                      : std::vector<std::string>{});
  }
  EXPECT_TRUE(std::holds_alternative<NarrativePasses>(check_narrative("\n " + div("x"))));
}

struct Cleaning {
  const char* inside;
  const char* left;
  const char* removed;
};

TEST(Narrative, what_could_act_is_removed_and_named) {
  const Cleaning cases[] = {
      {"<p>a<script>alert(1)</script>b</p>", "<p>ab</p>", "element script"},
      {"<p onclick=\"x()\">a</p>", "<p>a</p>", "attribute onclick of p"},
      {"<a href=\"javascript:alert(1)\">a</a>", "<a>a</a>", "link target of a"},
      {"<a href=\" jav&#x9;ascript:alert(1)\">a</a>", "<a>a</a>", "link target of a"},
      {"<a href=\"data:text/html,x\">a</a>", "<a>a</a>", "link target of a"},
      {"<img src=\"https://evil.example/pixel\" alt=\"p\"/>", "<img alt=\"p\"/>", "source of img"},
      {"<img src=\"//evil.example/pixel\"/>", "<img/>", "source of img"},
      {"<img src=\"data:image/svg+xml,x\"/>", "<img/>", "source of img"},
      {"<p style=\"background: url(x)\">a</p>", "<p>a</p>", "style of p"},
      {"<p style=\"color: red; position: fixed\">a</p>", "<p style=\"color: red\">a</p>", "style of p"},
      {"<p style=\"width: expression(alert(1))\">a</p>", "<p>a</p>", "style of p"},
      {"<font color=\"red\">a<b>c</b></font>", "a<b>c</b>", "element font"},
      {"<font xmlns=\"http://www.w3.org/1999/xhtml\"><b>a</b></font>", "<b>a</b>", "element font"},
      {"<iframe src=\"x\">a</iframe>b", "b", "element iframe"},
      {"<SCRIPT>alert(1)</SCRIPT>b", "b", "element SCRIPT"},
      {"<form action=\"x\"><p>a</p></form>", "", "element form"},
      {"a<!-- hidden -->b", "ab", "comment"},
      {"a<?php x ?>b", "ab", "processing instruction"},
      {"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>x</script></svg>a", "a", "element svg of another namespace"},
      {"<p xmlns:x=\"urn:x\" x:href=\"y\">a</p>", "<p xmlns:x=\"urn:x\">a</p>", "attribute href of p"},
  };
  for (const auto& [inside, left, removed] : cases) {
    const Narrative narrative = check_narrative(div(inside));
    ASSERT_TRUE(std::holds_alternative<NarrativeCleaned>(narrative)) << inside;
    const auto& cleaned = std::get<NarrativeCleaned>(narrative);
    const std::string expected = *left ? div(left) : "<div xmlns=\"http://www.w3.org/1999/xhtml\"/>";
    EXPECT_EQ(cleaned.xhtml, expected) << inside;
    EXPECT_EQ(cleaned.removed.at(0), removed) << inside;
    EXPECT_TRUE(std::holds_alternative<NarrativePasses>(check_narrative(cleaned.xhtml))) << inside;
  }
}

TEST(Narrative, what_is_not_a_div_of_xhtml_is_refused) {
  const std::string cases[] = {"",
                               "text",
                               "<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>",
                               "<div>no namespace</div>",
                               "<div xmlns=\"urn:x\">x</div>",
                               div("<p>"),
                               div("<p></b>"),
                               div("&nbsp;"),
                               div("a & b"),
                               div("<p a=1>x</p>"),
                               div("<p id=\"a\" id=\"b\"/>"),
                               "<!DOCTYPE div [<!ENTITY a \"b\">]>" + div("&a;"),
                               "<?xml version=\"1.0\"?>" + div("x"),
                               div("\x01"),
                               div("\xFF"),
                               div("x") + "<script/>",
                               div("<!DOCTYPE x>")};
  for (const auto& xhtml : cases)
    EXPECT_TRUE(std::holds_alternative<NarrativeRefused>(check_narrative(xhtml))) << xhtml;
}

TEST(Narrative, is_bounded) {
  std::string deep, crowded = "<p", wide;
  for (int i = 0; i < 200; ++i) deep += "<b>";
  for (int i = 0; i < 200; ++i) deep += "</b>";
  EXPECT_TRUE(std::holds_alternative<NarrativeRefused>(check_narrative(div(deep))));
  for (int i = 0; i < 50'000; ++i) crowded += fmt::format(" a{}=\"\"", i);
  EXPECT_TRUE(std::holds_alternative<NarrativeRefused>(check_narrative(div(crowded + "/>"))));
  for (int i = 0; i < 60'000; ++i) wide += "<br/>";
  EXPECT_TRUE(std::holds_alternative<NarrativeRefused>(check_narrative(div(wide))));
  EXPECT_TRUE(std::holds_alternative<NarrativeRefused>(check_narrative(div(std::string(2 << 20, 'a')))));
}

TEST(Narrative, unwrapped_elements_join_their_texts_without_losing_one) {
  const Narrative narrative = check_narrative(div("a<font>b<font>c</font>d</font>e<u/><center><p>f</p></center>"));
  ASSERT_TRUE(std::holds_alternative<NarrativeCleaned>(narrative));
  EXPECT_EQ(std::get<NarrativeCleaned>(narrative).xhtml, div("abcde<p>f</p>"));
}

}  // namespace
}  // namespace ward::shield
