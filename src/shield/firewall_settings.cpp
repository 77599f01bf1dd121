#include "firewall.hpp"

#include "base/encoding.hpp"

namespace ward::shield {
namespace {

FirewallMode mode_of(std::string_view text) {
  return text == "off" ? FirewallMode::off : text == "detect" ? FirewallMode::detect : FirewallMode::block;
}

std::string_view mode_text(FirewallMode mode) {
  return mode == FirewallMode::off ? "off" : mode == FirewallMode::detect ? "detect" : "block";
}

/// "query:name" or "path" or "": the form is checked, or an exclusion with a typing error would silently do nothing.
bool is_where(std::string_view where) {
  if (where.empty()) return true;
  const std::string_view place = where.substr(0, where.find(':'));
  const bool known = place == "path" || place == "query" || place == "header" || place == "body";
  const bool named = where.size() == place.size() || where.size() > place.size() + 1;
  const auto plain = [](char c) {
    return c > 0x20 && c < 0x7F && c != '"' && c != '\'' && c != '|' && c != '\\' && c != '`';
  };
  return known && named && std::ranges::all_of(where, plain);
}

std::vector<RuleExclusion> read_exclusions(const config::Section& section) {
  std::vector<RuleExclusion> exclusions;
  for (const auto& table : section.sections("exclusion")) {
    RuleExclusion exclusion;
    exclusion.rule = static_cast<std::uint32_t>(table.integer("rule", 0, 0, 99'999'999));
    exclusion.where = table.text("where");
    if (exclusion.rule == 0)
      table.problem("rule", "names no rule; take the rule and where from `ward explain` or the block's record");
    if (!is_where(exclusion.where)) {
      table.problem("where",
                    "must be like \"query:name\", \"body:Patient.name.family\", \"header:user-agent\", \"path\", or "
                    "\"\" for everywhere");
    } else {
      exclusions.push_back(std::move(exclusion));
    }
  }
  return exclusions;
}

}  // namespace

std::string_view to_string(Where where) {
  constexpr std::string_view names[] = {"path", "query", "header", "body"};
  return names[static_cast<std::size_t>(where)];
}

FirewallSettings read_firewall(const config::Section& section) {
  FirewallSettings settings;
  settings.mode = mode_of(section.choice("mode", {"off", "detect", "block"}, "block"));
  settings.paranoia = static_cast<std::uint32_t>(section.integer("paranoia", settings.paranoia, 1, 4));
  settings.threshold = static_cast<std::uint32_t>(section.integer("threshold", settings.threshold, 1, 10'000));
  settings.clinical_threshold =
      static_cast<std::uint32_t>(section.integer("clinical_threshold", settings.clinical_threshold, 1, 10'000));
  settings.rules = section.text("rules", settings.rules.string());
  settings.setup = section.text("setup", settings.setup.string());
  settings.own_rules = section.text("own_rules");
  settings.exclusions = read_exclusions(section);
  return settings;
}

FirewallRoute read_firewall_route(const config::Section& section, const FirewallSettings& settings) {
  FirewallRoute route;
  route.mode = mode_of(section.choice("mode", {"off", "detect", "block"}, mode_text(settings.mode)));
  route.threshold = static_cast<std::uint32_t>(section.integer("threshold", settings.threshold, 1, 10'000));
  route.clinical_threshold =
      static_cast<std::uint32_t>(section.integer("clinical_threshold", settings.clinical_threshold, 1, 10'000));
  return route;
}

}  // namespace ward::shield
