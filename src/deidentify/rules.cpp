#include "rules.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <chrono>

namespace ward::deidentify {
namespace {

constexpr std::string_view small_zip3[] = {"036", "059", "063", "102", "203", "556", "692", "790", "821",
                                           "823", "830", "831", "878", "879", "884", "890", "893"};

constexpr std::string_view states[] = {"al",
                                       "ak",
                                       "az",
                                       "ar",
                                       "ca",
                                       "co",
                                       "ct",
                                       "de",
                                       "dc",
                                       "fl",
                                       "ga",
                                       "hi",
                                       "id",
                                       "il",
                                       "in",
                                       "ia",
                                       "ks",
                                       "ky",
                                       "la",
                                       "me",
                                       "md",
                                       "ma",
                                       "mi",
                                       "mn",
                                       "ms",
                                       "mo",
                                       "mt",
                                       "ne",
                                       "nv",
                                       "nh",
                                       "nj",
                                       "nm",
                                       "ny",
                                       "nc",
                                       "nd",
                                       "oh",
                                       "ok",
                                       "or",
                                       "pa",
                                       "ri",
                                       "sc",
                                       "sd",
                                       "tn",
                                       "tx",
                                       "ut",
                                       "vt",
                                       "va",
                                       "wa",
                                       "wv",
                                       "wi",
                                       "wy",
                                       "pr",
                                       "gu",
                                       "vi",
                                       "as",
                                       "mp",
                                       "alabama",
                                       "alaska",
                                       "arizona",
                                       "arkansas",
                                       "california",
                                       "colorado",
                                       "connecticut",
                                       "delaware",
                                       "district of columbia",
                                       "florida",
                                       "georgia",
                                       "hawaii",
                                       "idaho",
                                       "illinois",
                                       "indiana",
                                       "iowa",
                                       "kansas",
                                       "kentucky",
                                       "louisiana",
                                       "maine",
                                       "maryland",
                                       "massachusetts",
                                       "michigan",
                                       "minnesota",
                                       "mississippi",
                                       "missouri",
                                       "montana",
                                       "nebraska",
                                       "nevada",
                                       "new hampshire",
                                       "new jersey",
                                       "new mexico",
                                       "new york",
                                       "north carolina",
                                       "north dakota",
                                       "ohio",
                                       "oklahoma",
                                       "oregon",
                                       "pennsylvania",
                                       "rhode island",
                                       "south carolina",
                                       "south dakota",
                                       "tennessee",
                                       "texas",
                                       "utah",
                                       "vermont",
                                       "virginia",
                                       "washington",
                                       "west virginia",
                                       "wisconsin",
                                       "wyoming",
                                       "puerto rico",
                                       "guam"};

struct ByElement {
  std::string_view element;
  Identifier what;
};
constexpr ByElement strings[] = {{"name", Identifier::name},
                                 {"alias", Identifier::name},
                                 {"author", Identifier::name},
                                 {"publisher", Identifier::name},
                                 {"copyright", Identifier::name},
                                 {"serialNumber", Identifier::device},
                                 {"lotNumber", Identifier::device},
                                 {"distinctIdentifier", Identifier::device},
                                 {"deviceIdentifier", Identifier::device},
                                 {"carrierHRF", Identifier::device},
                                 {"modelNumber", Identifier::device},
                                 {"partNumber", Identifier::device},
                                 {"subscriberId", Identifier::health_plan},
                                 {"dependent", Identifier::health_plan},
                                 {"altId", Identifier::other},
                                 {"number", Identifier::other},
                                 {"sequence", Identifier::other},
                                 {"preAuthRef", Identifier::other},
                                 {"authorizationNumber", Identifier::other},
                                 {"path", Identifier::url},
                                 {"data", Identifier::biometric},
                                 {"observedSeq", Identifier::biometric},
                                 {"etag", Identifier::other}};

constexpr ByElement whole[] = {
    {"Location.position", Identifier::geography}, {"Patient.photo", Identifier::photo},
    {"Person.photo", Identifier::photo},          {"Practitioner.photo", Identifier::photo},
    {"RelatedPerson.photo", Identifier::photo},   {"BodyStructure.image", Identifier::photo},
    {"Media.content", Identifier::photo},         {"AuditEvent.agent.network", Identifier::ip},
    {"Device.udiCarrier", Identifier::device},    {"Bundle.link", Identifier::url},
    {"Bundle.entry.link", Identifier::url},       {"Bundle.entry.request", Identifier::url},
    {"Bundle.entry.response", Identifier::url}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool all_digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_digit); }

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

bool is_small_zip3(std::string_view zip3) { return std::ranges::find(small_zip3, zip3) != std::end(small_zip3); }

std::string zip3_of(std::string_view code) {
  const bool plain = code.size() == 5 || (code.size() == 9) || (code.size() == 10 && code[5] == '-');
  if (!plain || !all_digits(code.substr(0, 5)) || (code.size() > 5 && !all_digits(code.substr(code.size() - 4))))
    return {};
  return std::string(is_small_zip3(code.substr(0, 3)) ? "000" : code.substr(0, 3));
}

bool is_state(std::string_view text) {
  return std::ranges::find(states, std::string_view(ascii_lower(text))) != std::end(states);
}

bool is_united_states(std::string_view country) {
  const std::string small = ascii_lower(country);
  for (const std::string_view one :
       {"", "us", "usa", "u.s.", "u.s.a.", "united states", "united states of america", "pr"})
    if (small == one) return true;
  return false;
}

std::optional<Identifier> class_of_string(std::string_view, std::string_view element) {
  const auto* const found = std::ranges::find(strings, element, &ByElement::element);
  return found == std::end(strings) ? std::nullopt : std::optional(found->what);
}

std::optional<Identifier> class_of_dropped(std::string_view path) {
  const auto* const found = std::ranges::find(whole, path, &ByElement::element);
  return found == std::end(whole) ? std::nullopt : std::optional(found->what);
}

std::string_view year_of(std::string_view text) {
  if (text.size() < 4 || !all_digits(text.substr(0, 4)) || text.size() > 40) return {};
  if (text.size() == 4) return text;
  const bool month = text.size() >= 7 && text[4] == '-' && all_digits(text.substr(5, 2));
  const bool day = text.size() >= 10 && text[7] == '-' && all_digits(text.substr(8, 2));
  const bool well_formed = month && (text.size() == 7 || (day && (text.size() == 10 || text[10] == 'T')));
  return well_formed ? text.substr(0, 4) : std::string_view();
}

std::string shifted(std::string_view text, int days) {
  using namespace std::chrono;
  if (year_of(text).empty() || text.size() < 10) return {};
  const year_month_day date{year(number(text.substr(0, 4))), month(static_cast<unsigned>(number(text.substr(5, 2)))),
                            day(static_cast<unsigned>(number(text.substr(8, 2))))};
  if (!date.ok()) return {};
  const year_month_day moved(sys_days(date) + std::chrono::days(days));
  const std::string_view time = text.substr(10);
  if (!std::ranges::all_of(time, [](char c) { return is_digit(c) || std::string_view("T:.Z+-").contains(c); }))
    return {};
  return fmt::format("{:04}-{:02}-{:02}{}", int(moved.year()), unsigned(moved.month()), unsigned(moved.day()), time);
}

double years_per_unit(std::string_view code) {
  const std::string small = ascii_lower(code);
  for (const std::string_view one : {"a", "a_j", "a_g", "a_t", "year", "years", "yr", "yrs", "y", "yo"})
    if (small == one) return 1;
  for (const std::string_view one : {"mo", "mo_j", "mo_s", "mo_g", "month", "months"})
    if (small == one) return 1.0 / 12;
  for (const std::string_view one : {"wk", "week", "weeks"})
    if (small == one) return 7 / 365.25;
  for (const std::string_view one : {"d", "day", "days"})
    if (small == one) return 1 / 365.25;
  return 0;
}

std::string narrative_text(std::string_view div) {
  static constexpr std::string_view inline_tags[] = {"b",   "i",   "em",    "strong", "span", "a",
                                                     "sub", "sup", "small", "u",      "font"};
  std::string out;
  for (std::size_t i = 0; i < div.size();) {
    if (div.substr(i).starts_with("<!--")) {
      const std::size_t end = div.find("-->", i);
      if (end == std::string_view::npos) break;
      i = end + 3;
    } else if (div[i] == '<') {
      const std::size_t end = div.find('>', i);
      if (end == std::string_view::npos) break;
      std::string_view tag = div.substr(i + 1, end - i - 1);
      if (tag.starts_with('/')) tag.remove_prefix(1);
      tag = tag.substr(0, tag.find_first_of(" /\t\r\n"));
      if (std::ranges::find(inline_tags, tag) == std::end(inline_tags)) out += tag == "td" || tag == "th" ? "  " : "\n";
      i = end + 1;
    } else {
      out += div[i++];
    }
  }
  return out;
}

std::string narrative_of(std::string_view text) {
  std::string out = R"(<div xmlns="http://www.w3.org/1999/xhtml">)";
  bool any = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && std::string_view(" \t\r").contains(line.front())) line.remove_prefix(1);
    if (line.empty()) continue;
    any = true;
    out += "<p>";
    for (const char c : line) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : std::string(1, c);
    out += "</p>";
  }
  return any ? out + "</div>" : std::string();
}

}  // namespace ward::deidentify
