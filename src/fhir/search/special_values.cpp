#include "search/special_values.hpp"

#include "r4/search.hpp"

#include <cmath>

namespace ward::fhir::search {
namespace {

constexpr double near_default_km = 5, near_most_km = 20'040;  // half around the globe
constexpr std::size_t words_max = 20, word_bytes_max = 100;
constexpr std::size_t codes_max = 1'000;

std::unexpected<Reason> wrong(Reason reason) { return std::unexpected(reason); }

/// UCUM's and the everyday names of what distances are given in.
std::optional<double> km_of(std::string_view unit) {
  static constexpr std::pair<std::string_view, double> units[] = {
      {"", 1}, {"km", 1}, {"m", 0.001}, {"mi", 1.609344}, {"[mi_i]", 1.609344}, {"[mi_us]", 1.609347219}};
  for (const auto& [name, km] : units)
    if (name == unit) return km;
  return std::nullopt;
}

bool is_word(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0;
  });
}

}  // namespace

Value<store::Match> near_value(std::string_view text) {
  const auto parts = split_unescaped(text, '|');
  if (parts.size() < 2 || parts.size() > 4) return wrong("not of the form latitude|longitude|distance|unit");
  const auto latitude = decimal_of(parts[0]), longitude = decimal_of(parts[1]);
  if (!latitude || !longitude) return wrong("not of the form latitude|longitude|distance|unit");
  if (std::abs(*latitude) > 90 || std::abs(*longitude) > 180) return wrong("no place on the globe");
  const bool has_distance = parts.size() > 2 && !parts[2].empty();
  const auto distance = has_distance ? decimal_of(parts[2]) : std::optional(near_default_km);
  const auto km = km_of(has_distance && parts.size() > 3 ? parts[3] : std::string_view());
  if (!distance || *distance < 0) return wrong("without a proper distance");
  if (!km) return wrong("in a unit that is none of km, m, mi, [mi_i], [mi_us]");
  return store::NearIs{*latitude, *longitude, std::min(*distance * *km, near_most_km)};
}

Value<store::Match> of_type_value(std::string_view text) {
  const auto parts = split_unescaped(text, '|');
  if (parts.size() != 3) return wrong("not of the form system|code|value");
  const auto system = unescape(parts[0]), code = unescape(parts[1]), value = unescape(parts[2]);
  if (!system || !code || !value) return wrong("a bad escape");
  if (code->empty() || value->empty()) return wrong("without the type's code or the value");
  store::TokenIs token;
  if (!system->empty()) token.system = *system;
  token.code = *code + "|" + *value;
  return token;
}

Value<store::Match> words_value(std::string_view text) {
  const auto plain = unescape(text);
  if (!plain) return wrong("a bad escape");
  store::TextIs out;
  std::string_view rest = *plain;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(" \t\r\n"), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!is_word(word)) continue;
    if (word.size() > word_bytes_max || out.words.size() == words_max) return wrong("too long");
    out.words.emplace_back(word);
  }
  if (out.words.empty()) return wrong("no letter or digit");
  return out;
}

std::expected<std::vector<store::Match>, Problem> codes_of_value_set(std::string_view param, std::string_view value) {
  const auto url = unescape(value);
  const r4::ValueSet* set = url ? r4::find_value_set(std::string_view(*url).substr(0, url->find('|'))) : nullptr;
  if (set == nullptr)
    return std::unexpected(
        Problem{"not-supported", fmt::format("parameter {} names a value set that is not loaded here", param)});
  const auto codes = r4::codes_of(*set);
  if (codes.size() > codes_max)
    return std::unexpected(
        Problem{"too-costly", fmt::format("parameter {} names a value set of more than {} codes", param, codes_max)});
  std::vector<store::Match> matches;
  for (const r4::Coded& coded : codes) {
    const std::string code(coded.code);
    matches.push_back(store::TokenIs{std::string(coded.system), code});
    if (!coded.system.empty()) matches.push_back(store::TokenIs{std::string(), code});
  }
  return matches;
}

}  // namespace ward::fhir::search
