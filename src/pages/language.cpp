#include "base/encoding.hpp"
#include "pages.hpp"

namespace ward::pages {
namespace {

constexpr int ranges_max = 32;  // more than any browser sends

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Cuts the first piece off; what is empty is passed over by the callers.
std::string_view take(std::string_view& list, char separator) {
  const auto end = list.find(separator);
  const std::string_view piece = trim(list.substr(0, end));
  list = end == list.npos ? std::string_view() : list.substr(end + 1);
  return piece;
}

/// RFC 4647 3.4: the primary subtag decides, since we tell no regions apart.
std::optional<Language> known(std::string_view range) {
  const std::string primary = ascii_lower(range.substr(0, range.find('-')));
  if (primary == "en") return Language::en;
  if (primary == "es") return Language::es;
  return {};
}

/// A qvalue in thousandths (RFC 9110 12.4.2), or nothing if it is not one.
std::optional<int> quality(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return {};
  if (text.size() > 1 && text[1] != '.') return {};
  int value = (text[0] - '0') * 1000;
  for (int place = 100; const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return {};
    value += (digit - '0') * place;
    place /= 10;
  }
  return value <= 1000 ? std::optional(value) : std::nullopt;
}

struct Range {
  std::string_view name;
  int quality = 1000;
};

std::optional<Range> read_range(std::string_view item) {
  Range range{take(item, ';')};
  while (!item.empty()) {
    const std::string_view parameter = take(item, ';');
    if (parameter.size() < 2 || (parameter[0] != 'q' && parameter[0] != 'Q') || parameter[1] != '=') continue;
    const auto value = quality(parameter.substr(2));
    if (!value) return {};
    range.quality = *value;
  }
  return range.name.empty() ? std::nullopt : std::optional(range);
}

Language by_header(std::string_view header) {
  // -1: not named. A language that is named is not touched by "*".
  int english = -1, spanish = -1, others = -1;
  bool spanish_first = false;
  for (int i = 0; i < ranges_max && !header.empty(); ++i) {
    const auto range = read_range(take(header, ','));
    if (!range) continue;
    const auto language = known(range->name);
    if (range->name == "*") others = std::max(others, range->quality);
    if (!language) continue;
    int& best = *language == Language::en ? english : spanish;
    if (*language == Language::es && english < 0) spanish_first = true;
    best = std::max(best, range->quality);
  }
  if (english < 0) english = others;
  if (spanish < 0) spanish = others, spanish_first = false;
  if (spanish <= 0) return Language::en;
  return spanish > english || (spanish == english && spanish_first) ? Language::es : Language::en;
}

}  // namespace

Language choose_language(std::string_view ui_locales, std::string_view accept_language) {
  for (int i = 0; i < ranges_max && !ui_locales.empty(); ++i)
    if (const auto language = known(take(ui_locales, ' '))) return *language;
  return by_header(accept_language);
}

}  // namespace ward::pages
