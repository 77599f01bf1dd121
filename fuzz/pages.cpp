// What outsiders write into pages: Accept-Language, names and addresses. No byte of it may become markup.
#include "pages/pages.hpp"
#include "pages/scopes.hpp"

#include <cstdlib>

namespace {

using namespace ward::pages;

std::size_t tags(std::string_view html) { return std::size_t(std::ranges::count(html, '<')); }

/// A page with the text in every place, behind a letter so that it is never empty, has the markup of one with a plain
/// word there.
void check(std::string_view page, Language language, std::string_view text) {
  const auto with = [&](std::string_view value) {
    Model model;
    for (const char* name : {"app_name", "username", "q", "who", "csrf"}) model.set(name, value);
    model.add("parts").set("field", "part").set("value", value).set("title", value).set("detail", value);
    model.add("patients").set("id", value).set("name", value);
    return render(page, language, {}, model);
  };
  if (tags(with("a" + std::string(text))) != tags(with("a"))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(bytes), size);
  const Language language = choose_language(input.substr(0, size / 4), input.substr(size / 4));
  asset(input);
  const std::string_view constraint = input.substr(std::min<std::size_t>(size, 8));
  describe_scope(language, "patient", input.substr(0, 8), input.substr(0, 5), constraint);
  describe_word(language, input);
  const std::string policy = content_security_policy(input);
  if (policy.find_first_of("\r\n\"") != policy.npos || std::ranges::count(policy, ';') != 7) std::abort();
  if (size > 0) {
    Model model;
    model.set("return_url", input).set("app_name", "a");
    const std::string html = render("signed-out", language, {}, model);
    if (html.contains("href=\"javascript:") || html.contains("href=\"data:") || html.contains("href=\"//"))
      std::abort();
  }
  for (const char* page : {"login", "consent", "patient-picker"}) check(page, language, input);
  return 0;
}
