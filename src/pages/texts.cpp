#include "texts.hpp"

#include "base/error.hpp"
#include "embedded.hpp"
#include "json/json.hpp"

namespace ward::pages {
namespace {

Texts read(std::string_view file) {
  const EmbeddedFile* source = embedded_file(file);
  WARD_ASSERT(source != nullptr);
  const auto document = json::Document::parse(source->content);
  WARD_ASSERT(document);
  Texts result;
  for (json::Value member = document->root().first(); member; member = member.next())
    result.emplace(member.name(), member.text());
  return result;
}

}  // namespace

std::string_view tag(Language language) { return language == Language::es ? "es" : "en"; }

const Texts& texts(Language language) {
  static const Texts english = read("en.json"), spanish = read("es.json");
  return language == Language::es ? spanish : english;
}

std::string text(Language language, std::string_view key,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  const auto& all = texts(language);
  const auto found = all.find(key);
  if (found == all.end()) return std::string(key);
  return fill(found->second, [&](std::string_view name) -> std::string {
    for (const auto& [own, value] : values)
      if (own == name) return std::string(value);
    return {};
  });
}

std::string fill(std::string_view text, const std::function<std::string(std::string_view)>& value) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t open = text.find('{', at);
    const std::size_t close = open == text.npos ? text.npos : text.find('}', open);
    if (close == text.npos) return out.append(text.substr(at));
    out.append(text.substr(at, open - at)).append(value(text.substr(open + 1, close - open - 1)));
    at = close + 1;
  }
  return out;
}

}  // namespace ward::pages
