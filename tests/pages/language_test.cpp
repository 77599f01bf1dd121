#include "pages/pages.hpp"

#include <gtest/gtest.h>

namespace ward::pages {
namespace {

TEST(ChooseLanguage, follows_ui_locales_and_then_the_header) {
  struct Case {
    const char *ui_locales, *accept_language;
    Language language;
  };
  constexpr Language en = Language::en, es = Language::es;
  const Case cases[] = {
      {"", "", en},
      {"es", "en", es},
      {"en es", "es", en},
      {"fr es-MX en", "", es},  // OpenID Connect Core 3.1.2.1: in order of preference
      {"fr de", "es", es},
      {"  es ", "", es},
      {"est", "", en},  // Estonian is not Spanish
      {"", "es", es},
      {"", "ES-419", es},
      {"", "es-ES,es;q=0.9,en;q=0.8", es},
      {"", "en-GB,en;q=0.9,es;q=0.8", en},
      {"", "en;q=0.5, es;q=0.7", es},  // RFC 9110 12.5.4: by weight and not by place
      {"", "de, es;q=0.3, en;q=0.2", es},
      {"", "es;q=0", en},  // "not acceptable"
      {"", "es;q=0, en;q=0", en},
      {"", "en;q=0, *", es},  // anything but English
      {"", "*", en},
      {"", "*;q=0.1, es;q=0.2", es},
      {"", "es, en", es},  // equal weights: the first
      {"", "en, es", en},
      {"", "es ; q=1.000 , en", es},
      {"", "es;q=1.5, en;q=0.1", en},  // not a weight: passed over
      {"", "es;q=0.1234, en;q=0.001", en},
      {"", "es;q=, en;q=0.1", en},
      {"", "es;q=abc", en},
      {"", ",,;;,es", es},
      {"", "en;q=0.2;x=y, es;q=0.3", es},
      {"", "fr-FR, de", en},
  };
  for (const Case& c : cases)
    EXPECT_EQ(tag(choose_language(c.ui_locales, c.accept_language)), tag(c.language))
        << "ui_locales \"" << c.ui_locales << "\" Accept-Language \"" << c.accept_language << "\"";
}

TEST(ChooseLanguage, a_long_header_is_read_up_to_a_bound) {
  std::string header;
  for (int i = 0; i < 100'000; ++i) header += "fr,";
  EXPECT_EQ(choose_language("", header + "es"), Language::en);
}

}  // namespace
}  // namespace ward::pages
