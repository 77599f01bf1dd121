// What holds of the files themselves: texts, templates, style.
#include "brand.hpp"
#include "embedded.hpp"
#include "pages/pages.hpp"
#include "texts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <re2/re2.h>

namespace ward::pages {
namespace {

std::multiset<std::string> placeholders(const std::string& text) {
  std::multiset<std::string> found;
  std::string name;
  re2::StringPiece rest(text);
  while (RE2::FindAndConsume(&rest, "\\{([^}]*)\\}", &name)) found.insert(name);
  return found;
}

TEST(Texts, both_languages_have_the_same_keys_and_placeholders) {
  const auto &english = texts(Language::en), &spanish = texts(Language::es);
  EXPECT_GT(english.size(), 300u);
  for (const auto& [key, words] : english) {
    const auto other = spanish.find(key);
    ASSERT_NE(other, spanish.end()) << key << " is missing in Spanish";
    EXPECT_EQ(placeholders(words), placeholders(other->second)) << key;
    EXPECT_EQ(words.empty(), other->second.empty()) << key;
    EXPECT_EQ(words.find('<'), std::string::npos) << key << ": texts are text, not HTML";
  }
  for (const auto& [key, words] : spanish) EXPECT_TRUE(english.contains(key)) << key << " is missing in English";
}

TEST(Texts, values_are_put_in_once) {
  EXPECT_EQ(text(Language::en, "login.to_app", {{"app_name", "{app_name}"}}), "to go on to {app_name}");
  EXPECT_EQ(text(Language::es, "login.title"), "Iniciar sesi\xC3\xB3n");
  EXPECT_EQ(text(Language::en, "A ready text."), "A ready text.");
  EXPECT_EQ(fill("{a}-{b}-{", [](std::string_view name) { return std::string(name) + "!"; }), "a!-b!-{");
}

struct Template {
  std::string name, content;
};

std::vector<Template> templates() {
  std::vector<Template> all;
  for (const auto& file : embedded_files())
    if (file.name.ends_with(".mustache")) {
      std::string content(file.content);
      RE2::GlobalReplace(&content, "(?s)\\{\\{![^}]*(\\}[^}]+)*\\}\\}", "");
      all.push_back({std::string(file.name), content});
    }
  return all;
}

TEST(Templates, every_key_exists) {
  for (const auto& [name, content] : templates()) {
    std::string key;
    re2::StringPiece rest(content);
    while (RE2::FindAndConsume(&rest, "\\{\\{t\\.([^}]*)\\}\\}", &key)) {
      if (key.starts_with('@')) continue;
      const std::string prefix = key.substr(0, key.find('@'));
      const auto found = texts(Language::en).lower_bound(prefix);
      ASSERT_NE(found, texts(Language::en).end()) << name << ": " << key;
      EXPECT_TRUE(key.contains('@') ? found->first.starts_with(prefix) : found->first == key) << name << ": " << key;
    }
  }
}

TEST(Templates, all_words_come_from_the_texts) {
  for (auto [name, content] : templates()) {
    RE2::GlobalReplace(&content, "\\{\\{+[^}]*\\}+", "");
    RE2::GlobalReplace(&content, "(?s)<[^>]*>", "");
    EXPECT_FALSE(RE2::PartialMatch(content, "\\pL")) << name << ": " << content;
    EXPECT_FALSE(RE2::PartialMatch(content, "(alt|title|aria-label|placeholder)=\"[^\"{]+")) << name;
  }
}

TEST(Templates, escape_everything_but_what_we_made) {
  for (const auto& [name, content] : templates()) {
    std::string tag;
    re2::StringPiece rest(content);
    while (RE2::FindAndConsume(&rest, "\\{\\{\\{([^}]*)\\}\\}\\}", &tag)) EXPECT_TRUE(tag.starts_with("safe.")) << name;
    EXPECT_FALSE(RE2::PartialMatch(content, "\\{\\{\\s*[&=]")) << name;
    std::string bare = content;
    RE2::GlobalReplace(&bare, "\"[^\"]*\"", "\"\"");
    EXPECT_FALSE(RE2::PartialMatch(bare, "<[^>]*\\s[a-z-]+=[^\"]")) << name << ": an attribute without quotes";
    std::string address;
    re2::StringPiece again(content);
    while (RE2::FindAndConsume(&again, "(?:href|src|action)=\"\\{\\{([^}]*)\\}\\}", &address))
      EXPECT_TRUE(address.ends_with("_url") || address == "action" || address == "brand_style" ||
                  address.starts_with("asset."))
          << name << ": " << address << " is an address that no rule checks";
  }
}

TEST(Assets, are_found_by_name_and_hash_and_by_nothing_else) {
  const std::string style = asset_path("ward.css");
  EXPECT_TRUE(RE2::FullMatch(style, "/assets/ward\\.[0-9a-f]{16}\\.css")) << style;
  ASSERT_TRUE(asset(style));
  EXPECT_EQ(asset(style)->content_type, "text/css; charset=utf-8");
  EXPECT_EQ(asset(asset_path("passkey.js"))->content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(asset(asset_path("icon.svg"))->content_type, "image/svg+xml");
  for (const char* path : {"/assets/ward.css", "/assets/ward.0000000000000000.css", "/assets/en.json", "/assets/", "",
                           "/assets/../locales/en.json", "/assets/login.mustache", "ward.css"})
    EXPECT_FALSE(asset(path)) << path;
  for (const auto& file : embedded_files())
    EXPECT_FALSE(asset(fmt::format("/assets/{}.{}.mustache", file.name.substr(0, file.name.find('.')), file.hash)));
}

TEST(Assets, style_and_scripts_ask_nobody) {
  for (const auto& file : embedded_files())
    if (file.name.ends_with(".css") || file.name.ends_with(".js")) {
      EXPECT_FALSE(RE2::PartialMatch(std::string(file.content), "https?://|@import|eval\\(|innerHTML|url\\("))
          << file.name;
    }
}

TEST(Brand, only_a_colour_is_a_colour) {
  for (const char* good : {"#000000", "#FfFfFf", "#1f6feb"}) EXPECT_TRUE(valid_colour(good)) << good;
  for (const char* bad : {"", "#fff", "red", "#12345g", "1234567", "#1f6feb;", "#1f6fe"}) {
    EXPECT_FALSE(valid_colour(bad)) << bad;
    EXPECT_EQ(brand_style_path(bad), "") << bad;
  }
}

TEST(Brand, every_colour_can_be_read) {
  for (const char* colour :
       {"#ffff00", "#000000", "#ffffff", "#1f6feb", "#ff0000", "#00ff00", "#777777", "#b00b69", "#fafafa"}) {
    SCOPED_TRACE(colour);
    const auto style = asset(brand_style_path(colour));
    ASSERT_TRUE(style);
    EXPECT_EQ(style->content_type, "text/css; charset=utf-8");
    std::string light, light_hover, on_light, dark, dark_hover, on_dark;
    const char* rule = "--accent:(#......);--accent-hover:(#......);--on-accent:(#......)";
    ASSERT_TRUE(RE2::PartialMatch(style->content, rule, &light, &light_hover, &on_light)) << style->content;
    ASSERT_TRUE(RE2::PartialMatch(style->content, std::string("dark\\).*") + rule, &dark, &dark_hover, &on_dark));
    EXPECT_GE(contrast(light, "#f3f6f8"), 4.5);
    EXPECT_GE(contrast(light, on_light), 4.5);
    EXPECT_GE(contrast(light_hover, on_light), 4.5);
    EXPECT_GE(contrast(dark, "#1a242d"), 4.5);
    EXPECT_GE(contrast(dark, on_dark), 4.5);
    EXPECT_GE(contrast(dark_hover, on_dark), 4.5);
  }
  EXPECT_FALSE(asset("/assets/brand.1f6feb-0000000000000000.css"));
}

TEST(Brand, is_on_every_page) {
  Brand brand{"St. Elmo <Clinic>", "#b00b69", "/logo.svg"};
  const std::string html = render("login", Language::en, brand, {});
  EXPECT_THAT(html, testing::HasSubstr("St. Elmo &lt;Clinic&gt;</title>"));
  EXPECT_THAT(html, testing::HasSubstr("src=\"/logo.svg\""));
  EXPECT_THAT(html, testing::HasSubstr("href=\"" + brand_style_path("#b00b69") + "\""));
}

/// The tokens of ward.css, in light and dark.
TEST(Style, tokens_keep_the_contrasts_of_wcag) {
  const std::string css(embedded_file("ward.css")->content);
  const auto dark_at = css.find("prefers-color-scheme: dark");
  ASSERT_NE(dark_at, std::string::npos);
  const auto token = [&](bool dark, const std::string& name) {
    std::string value;
    const std::string part = dark ? css.substr(dark_at) : css.substr(0, dark_at);
    EXPECT_TRUE(RE2::PartialMatch(part, "--" + name + ": (#[0-9a-f]{6});", &value)) << name;
    return value;
  };
  struct Pair {
    const char *front, *back;
    double least;
  };
  const Pair pairs[] = {{"text", "background", 7},         {"text", "surface", 7},
                        {"text-quiet", "background", 4.5}, {"text-quiet", "surface", 4.5},
                        {"accent", "surface", 4.5},        {"accent", "background", 4.5},
                        {"on-accent", "accent", 4.5},      {"on-accent", "accent-hover", 4.5},
                        {"bad", "bad-soft", 4.5},          {"bad", "surface", 4.5},
                        {"warn", "warn-soft", 4.5},        {"good", "surface", 4.5},
                        {"line-control", "surface", 3},    {"line-control", "background", 3}};
  for (const bool dark : {false, true})
    for (const Pair& pair : pairs)
      EXPECT_GE(contrast(token(dark, pair.front), token(dark, pair.back)), pair.least)
          << pair.front << " on " << pair.back << (dark ? " dark" : " light");
}

}  // namespace
}  // namespace ward::pages
