#include "index.hpp"
#include "r4/terminology.hpp"
#include "terminology.hpp"

#include <algorithm>
#include <set>

namespace ward::fhir {
namespace {

using Codes = std::vector<Code>;
using Key = std::pair<std::string, std::string>;

Key key_of(const Code& code) { return {code.system, code.code}; }

/// One filter of an include: does the concept pass?
Result<bool> passes(const r4::CodeSystem& system, std::size_t index, json::Value filter) {
  const std::string op = filter.string("op"), value = filter.string("value"), property = filter.string("property");
  const bool about_code = property == "concept" || property == "code";
  if (!about_code) return fail("filter_unsupported", "only filters on the concept are known");
  const auto named = system.find(value);
  if (op == "=") return system.at(index).code == value;
  if (op == "is-a") return named && system.is_below(index, *named);
  if (op == "descendent-of") return named && index != *named && system.is_below(index, *named);
  if (op == "is-not-a") return !named || !system.is_below(index, *named);
  if (op == "in" || op == "not-in") {
    const std::string list = "," + value + ",";
    return list.contains("," + std::string(system.at(index).code) + ",") == (op == "in");
  }
  return fail("filter_unsupported", "this operator of a filter is not known");
}

Result<Codes> of_system(json::Value include) {
  const r4::CodeSystem* const system = r4::find_code_system(include.string("system"));
  if (system == nullptr || !system->complete)
    return fail("system_unknown", "a code system is not loaded here, so it cannot be listed");
  Codes out;
  for (std::size_t i = 0; i < system->size(); ++i) {
    bool keep = true;
    for (json::Value filter = include["filter"].first(); filter && keep; filter = filter.next()) {
      auto passed = passes(*system, i, filter);
      if (!passed) return std::unexpected(passed.error());
      keep = *passed;
    }
    const r4::Concept found = system->at(i);
    if (keep) out.push_back({std::string(system->url()), std::string(found.code), std::string(found.display)});
  }
  return out;
}

/// A list of codes; a display that is not given comes from the system, where that is loaded.
Result<Codes> of_list(json::Value include) {
  const std::string url = include.string("system");
  const r4::CodeSystem* const system = r4::find_code_system(url);
  Codes out;
  for (json::Value one = include["concept"].first(); one; one = one.next()) {
    Code code{url, one.string("code"), one.string("display")};
    const auto known = system != nullptr ? system->find(code.code) : std::nullopt;
    if (code.display.empty() && known) code.display = system->at(*known).display;
    out.push_back(std::move(code));
    if (out.size() > expansion_codes_max) return fail("expansion_costly", "the value set is too large");
  }
  return out;
}

void keep_only(Codes& codes, const Codes& others) {
  std::set<Key> keys;
  for (const Code& code : others) keys.insert(key_of(code));
  std::erase_if(codes, [&](const Code& code) { return !keys.contains(key_of(code)); });
}

/// One include or exclude: what is in the system's part and in every value set that it names.
Result<Codes> of_part(json::Value part) {
  std::optional<Codes> codes;
  if (part["system"]) {
    auto found = part["concept"] ? of_list(part) : of_system(part);
    if (!found) return found;
    codes = std::move(*found);
  }
  for (json::Value url = part["valueSet"].first(); url; url = url.next()) {
    auto found = expand_value_set(url.text());
    if (!found) return found;
    if (codes)
      keep_only(*codes, *found);
    else
      codes = std::move(*found);
  }
  return codes.value_or(Codes());
}

}  // namespace

Result<std::vector<Code>> expand_value_set(std::string_view url) {
  const r4::Expansion* const set = r4::find_expansion(url);
  if (set == nullptr) return fail("value_set_unknown", "a value set is not loaded here");
  Codes out;
  out.reserve(set->size());
  for (std::size_t i = 0; i < set->size(); ++i) {
    const r4::Coding one = set->at(i);
    out.push_back({std::string(one.system), std::string(one.code), std::string(one.display)});
  }
  return out;
}

Result<std::vector<Code>> expand_value_set(json::Value value_set) {
  Codes out;
  std::set<Key> known;
  for (json::Value part = value_set["compose"]["include"].first(); part; part = part.next()) {
    auto found = of_part(part);
    if (!found) return found;
    for (Code& code : *found) {
      if (known.insert(key_of(code)).second) out.push_back(std::move(code));
    }
    if (out.size() > expansion_codes_max) return fail("expansion_costly", "the value set is too large");
  }
  for (json::Value part = value_set["compose"]["exclude"].first(); part; part = part.next()) {
    auto found = of_part(part);
    if (!found) return found;
    std::set<Key> gone;
    for (const Code& code : *found) gone.insert(key_of(code));
    std::erase_if(out, [&](const Code& code) { return gone.contains(key_of(code)); });
  }
  return out;
}

bool matches_filter(const Code& code, std::string_view folded_filter) {
  return fold(code.display).contains(folded_filter) || fold(code.code).starts_with(folded_filter);
}

}  // namespace ward::fhir
