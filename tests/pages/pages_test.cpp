#include "pages/pages.hpp"

#include "embedded.hpp"
#include "models.hpp"
#include "texts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

namespace ward::pages {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page(std::string_view name, const Model& model, Language language = Language::en) {
  return render(name, language, {}, model);
}

std::vector<std::string> page_names() {
  std::vector<std::string> names;
  for (const auto& file : embedded_files())
    if (file.name.ends_with(".mustache"))
      if (const std::string name(file.name.substr(0, file.name.size() - 9)); has_page(name)) names.push_back(name);
  return names;
}

TEST(Pages, there_are_all_that_sign_in_needs) {
  EXPECT_THAT(page_names(), testing::IsSupersetOf({"login", "second-factor", "enrol", "enrol-totp", "recovery-codes",
                                                   "new-password", "consent", "patient-picker", "account",
                                                   "logout-confirm", "signed-out", "error", "form-post"}));
  EXPECT_FALSE(has_page("layout"));
  EXPECT_FALSE(has_page("_hidden"));
  EXPECT_FALSE(has_page("nothing"));
  std::set<std::string> sampled;
  for (const auto& sample : samples()) sampled.insert(sample.page);
  EXPECT_EQ(sampled.size(), page_names().size()) << "each page has a sample";
}

TEST(Pages, what_a_person_typed_is_text) {
  Model model;
  model.set("username", "\"><script>alert('1')</script>&");
  const std::string html = page("login", model);
  EXPECT_THAT(html, HasSubstr("value=\"&quot;&gt;&lt;script&gt;alert(&apos;1&apos;)&lt;/script&gt;&amp;\""));
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
}

TEST(Pages, a_value_in_a_text_is_escaped_too) {
  Model model;
  model.set("app_name", "<b>App</b> {username}").set("username", "u");
  const std::string html = page("login", model);
  EXPECT_THAT(html, HasSubstr("to go on to &lt;b&gt;App&lt;/b&gt; {username}"));
}

TEST(Pages, a_mustache_in_a_value_is_text) {
  Model model;
  model.set("username", "{{csrf}}{{{safe.qr}}}{{#t}}").set("csrf", "secret-csrf");
  EXPECT_THAT(page("login", model), HasSubstr("value=\"{{csrf}}{{{safe.qr}}}{{#t}}\""));
}

TEST(Pages, text_cannot_take_the_place_of_html) {
  Model model;
  model.set("qr", "<img src=x>");
  EXPECT_THAT(page("enrol-totp", model), Not(HasSubstr("<img src=x>")));
  model.set_safe("qr", {"<svg id=\"made\"></svg>"});
  EXPECT_THAT(page("enrol-totp", model), HasSubstr("<svg id=\"made\"></svg>"));
}

TEST(Pages, broken_and_turned_text_is_made_harmless) {
  struct Case {
    const char* name;
    std::string given, shown;
  };
  const Case cases[] = {{"not UTF-8",
                         "a\xFF"
                         "b",
                         "a\xEF\xBF\xBD"
                         "b"},
                        {"cut sequence", "a\xE2\x82", "a\xEF\xBF\xBD\xEF\xBF\xBD"},
                        {"overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
                        {"NUL", std::string("a\0b", 3),
                         "a\xEF\xBF\xBD"
                         "b"},
                        {"right to left override",
                         "ex\xE2\x80\xAE"
                         "ample",
                         "example"},
                        {"isolate", "\xE2\x81\xA6x\xE2\x81\xA9", "x"},
                        {"Arabic letter mark", "\xD8\x9Cx", "x"},
                        {"other scripts stay", "\xD7\xA9\xD7\x9C \xE6\x9D\x8E \xF0\x9F\x98\x80",
                         "\xD7\xA9\xD7\x9C \xE6\x9D\x8E \xF0\x9F\x98\x80"},
                        {"euro stays", "\xE2\x82\xAC", "\xE2\x82\xAC"}};
  for (const Case& c : cases) {
    Model model;
    model.set("username", c.given);
    EXPECT_THAT(page("login", model), HasSubstr("value=\"" + c.shown + "\"")) << c.name;
  }
}

TEST(Pages, only_harmless_addresses_become_links) {
  struct Case {
    const char* address;
    bool link;
  };
  const Case cases[] = {{"https://app.example/", true},
                        {"http://127.0.0.1:9/", true},
                        {"/account", true},
                        {"com.example.app:/back", true},
                        {"javascript:alert(1)", false},
                        {"JavaScript:alert(1)", false},
                        {"data:text/html,x", false},
                        {"//evil.example", false},
                        {"/\\evil.example", false},
                        {"vbscript:x", false},
                        {" javascript:alert(1)", false},
                        {"java\nscript:alert(1)", false},
                        {"blob:x", false},
                        {"relative", false},
                        {"/\t/evil.example", false},
                        {"", false}};
  for (const Case& c : cases) {
    Model model;
    model.set("return_url", c.address);
    EXPECT_EQ(page("signed-out", model).find("Go back") != std::string::npos, c.link) << c.address;
  }
  Model model;
  model.set("app_name", "A").set("logo_url", "https://elsewhere.example/logo.png");
  EXPECT_THAT(page("consent", model), Not(HasSubstr("elsewhere"))) << "no request to another server";
}

TEST(Pages, an_item_sees_its_own_names_only) {
  Model model;
  model.set("name", "Ana Ruiz").set("csrf", "c-1");
  model.add("apps").set("id", "x");
  const std::string html = page("account", model);
  const auto apps = html.find("id=\"apps\""), end = html.find("</section>", apps);
  EXPECT_THAT(html.substr(apps, end - apps), Not(HasSubstr("Ana Ruiz")));
  EXPECT_THAT(html.substr(apps, end - apps), HasSubstr("name=\"csrf\" value=\"c-1\""));
}

/// Every page, in both languages, with all and with nearly nothing.
template <class Check>
void for_each_document(Check check) {
  for (const Language language : {Language::en, Language::es}) {
    for (const auto& sample : samples()) {
      Model model;
      sample.fill(model, language);
      check(sample.name + "/" + std::string(tag(language)), page(sample.page, model, language), language);
    }
    for (const auto& name : page_names()) {
      Model model;
      fill_minimal(model);
      check(name + "/minimal/" + std::string(tag(language)), page(name, model, language), language);
    }
  }
}

TEST(Pages, every_document_is_whole_and_without_a_hole) {
  for_each_document([](const std::string& name, const std::string& html, Language language) {
    SCOPED_TRACE(name);
    EXPECT_TRUE(html.starts_with("<!doctype html>")) << html.substr(0, 60);
    EXPECT_TRUE(html.ends_with("</html>\n")) << html.substr(html.size() - 40);
    EXPECT_THAT(html, HasSubstr("<html lang=\"" + std::string(tag(language)) + "\">"));
    EXPECT_THAT(html, HasSubstr("width=device-width"));
    EXPECT_THAT(html, Not(HasSubstr("{{")));
    EXPECT_FALSE(RE2::PartialMatch(html, ">[^<]*\\b(layout|login|error|account|consent|scope|enrol|idle)\\.[a-z_]+"))
        << "a key instead of its text";
    EXPECT_EQ(html.find("<h1>") == std::string::npos, html.find("</h1>") == std::string::npos);
    EXPECT_EQ(html.find("<h1"), html.rfind("<h1")) << "one heading of the first level";
    EXPECT_NE(html.find("<h1"), std::string::npos);
  });
}

TEST(Pages, nothing_is_inline_and_nothing_comes_from_elsewhere) {
  for_each_document([](const std::string& name, const std::string& html, Language) {
    SCOPED_TRACE(name);
    EXPECT_FALSE(RE2::PartialMatch(html, "(?i)<style|\\sstyle=|\\son[a-z]+=|javascript:"));
    EXPECT_FALSE(RE2::PartialMatch(html, "(?i)<script(>|\\s+[^s])")) << "a script without src";
    std::string path;
    re2::StringPiece rest(html);
    while (RE2::FindAndConsume(&rest, "(?:src|<link[^>]*href)=\"([^\"]*)\"", &path))
      EXPECT_TRUE(path.starts_with("data:image/") || asset(path)) << path;
  });
}

TEST(Pages, every_form_posts_and_carries_its_proof) {
  for_each_document([](const std::string& name, const std::string& html, Language) {
    SCOPED_TRACE(name);
    if (name.starts_with("form-post")) return;
    std::string attributes, body;
    re2::StringPiece rest(html);
    while (RE2::FindAndConsume(&rest, "(?s)<form([^>]*)>(.*?)</form>", &attributes, &body)) {
      EXPECT_THAT(attributes, HasSubstr("method=\"post\""));
      EXPECT_THAT(body, HasSubstr("name=\"csrf\"")) << attributes;
      EXPECT_THAT(body, HasSubstr("type=\"submit\"")) << attributes;
    }
  });
}

TEST(Pages, every_field_has_a_label_and_every_reference_a_target) {
  for_each_document([](const std::string& name, const std::string& html, Language) {
    SCOPED_TRACE(name);
    std::string input, id;
    re2::StringPiece rest(html);
    while (RE2::FindAndConsume(&rest, "<input([^>]*)>", &input)) {
      if (RE2::PartialMatch(input, "type=\"hidden\"|type=\"checkbox\"| hidden")) continue;
      ASSERT_TRUE(RE2::PartialMatch(input, "\\sid=\"([^\"]+)\"", &id)) << input;
      EXPECT_THAT(html, HasSubstr("<label for=\"" + id + "\">"));
      EXPECT_THAT(input, HasSubstr("autocomplete="));
    }
    std::string list;
    re2::StringPiece again(html);
    while (RE2::FindAndConsume(&again, "aria-(?:describedby|labelledby)=\"([^\"]*)\"", &list)) {
      re2::StringPiece ids(list);
      while (RE2::FindAndConsume(&ids, "([^ ]+)", &id)) EXPECT_THAT(html, HasSubstr("id=\"" + id + "\""));
    }
  });
}

TEST(Pages, a_problem_is_told_to_all) {
  Model model;
  model.set("problem", "login.slow_down").set("seconds", "8");
  const std::string html = page("login", model);
  EXPECT_THAT(html, HasSubstr("role=\"alert\" id=\"problem\""));
  EXPECT_THAT(html, HasSubstr("Wait 8 seconds"));
  EXPECT_THAT(html, HasSubstr("aria-describedby=\"problem\""));
  EXPECT_THAT(html, HasSubstr("<title>Problem: Sign in"));
  EXPECT_THAT(page("login", {}), Not(HasSubstr("id=\"problem\"")));
}

TEST(Pages, password_managers_find_their_fields) {
  Model model;
  model.set("current", true).set("username", "ana").set("totp", true);
  EXPECT_THAT(page("login", model), HasSubstr("autocomplete=\"username webauthn\""));
  EXPECT_THAT(page("login", model), HasSubstr("autocomplete=\"current-password\""));
  EXPECT_THAT(page("second-factor", model), HasSubstr("autocomplete=\"one-time-code\""));
  EXPECT_THAT(page("new-password", model), HasSubstr("autocomplete=\"new-password\""));
  EXPECT_THAT(page("new-password", model), HasSubstr("autocomplete=\"current-password\""));
}

TEST(Pages, titles_hold_no_value_of_a_person) {
  for (const auto& [key, words] : texts(Language::en))
    if (key.ends_with(".title") || key.ends_with("_title")) {
      EXPECT_THAT(words, Not(HasSubstr("{"))) << key;
      EXPECT_THAT(texts(Language::es).find(key)->second, Not(HasSubstr("{"))) << key;
    }
}

TEST(Pages, the_session_warning_is_there_where_a_session_can_end) {
  Model model;
  EXPECT_THAT(page("account", model), Not(HasSubstr("idle.")));
  model.set("idle_seconds", "900");
  EXPECT_THAT(page("account", model), HasSubstr("data-idle-seconds=\"900\""));
  EXPECT_THAT(page("account", model), HasSubstr("action=\"/account/stay\""));
}

TEST(Pages, the_policy_lets_a_form_reach_its_target_and_nothing_else) {
  EXPECT_THAT(content_security_policy(), HasSubstr("form-action 'self';"));
  EXPECT_THAT(content_security_policy(), HasSubstr("default-src 'none'"));
  EXPECT_THAT(content_security_policy(), HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(content_security_policy("https://app.example:8/cb?x=1"),
              HasSubstr("form-action 'self' https://app.example:8;"));
  EXPECT_THAT(content_security_policy("https://app.example"), HasSubstr("form-action 'self' https://app.example;"));
  EXPECT_THAT(content_security_policy("com.example.app:/cb"), HasSubstr("form-action 'self' com.example.app:;"));
  EXPECT_EQ(content_security_policy("https://a;script-src *"), content_security_policy());
  for (const char* bad :
       {"https://a b/", "javascript:x", "https://", "https:a", "/path", "", "https://u@h/", "https://*/"})
    EXPECT_EQ(content_security_policy(bad), content_security_policy()) << bad;
}

}  // namespace
}  // namespace ward::pages
