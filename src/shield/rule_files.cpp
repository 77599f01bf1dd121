#include "rule_files.hpp"

#include <unistd.h>

namespace ward::shield {
namespace {

constexpr std::string_view own_rules_text =
#include "ward_conf.inc"
    ;

/// By the three digits of REQUEST-NNN-...conf, which CRS 3 and 4 share.
constexpr std::string_view value_files[] = {"901", "913", "921", "930", "931", "932",
                                            "933", "934", "941", "942", "943", "944"};
constexpr std::string_view whole_files[] = {"901", "911", "913", "920", "921", "922", "930", "931",
                                            "932", "933", "934", "941", "942", "943", "944"};

/// Per-visitor collections and sampling (their state would be shared between requests), and host names given as an
/// address, which our Host allow-list judges.
constexpr std::string_view removed =
    "SecRuleRemoveById 901318 901321 901400 901410 901420 901430 901440 901450 920350\n";

bool is_wanted(std::string_view file, RuleScope scope) {
  if (!file.starts_with("REQUEST-") || !file.ends_with(".conf")) return false;
  const std::string_view number = file.substr(8, 3);
  const std::span<const std::string_view> wanted =
      scope == RuleScope::values ? std::span<const std::string_view>(value_files) : whole_files;
  return std::ranges::find(wanted, number) != wanted.end();
}

/// Paranoia by the names of CRS 3 and CRS 4; before the set's own defaults.
std::string paranoia_action(std::uint32_t level) {
  return fmt::format(
      "SecAction "
      "\"id:9500001,phase:1,pass,nolog,t:none,setvar:tx.paranoia_level={0},setvar:tx.executing_paranoia_level={0},"
      "setvar:tx.blocking_paranoia_level={0},setvar:tx.detection_paranoia_level={0}"
      // What FHIR and the proxied APIs use; the router and the validators refuse what a route does not take.
      ",setvar:'tx.allowed_methods=GET HEAD POST PUT PATCH DELETE OPTIONS'"
      ",setvar:'tx.allowed_request_content_type=|application/x-www-form-urlencoded| |multipart/form-data| "
      "|multipart/related| |text/xml| "
      "|application/xml| |application/soap+xml| |application/json| |application/fhir+json| |application/fhir+xml| "
      "|application/json-patch+json| |application/merge-patch+json| |application/octet-stream| |text/plain|'\"\n",
      level);
}

/// For whole requests the engine itself leaves excluded targets out.
std::string exclusion_directives(const FirewallSettings& settings) {
  std::string directives;
  for (const auto& exclusion : settings.exclusions) {
    if (exclusion.where.empty()) {
      directives += fmt::format("SecRuleRemoveById {}\n", exclusion.rule);
      continue;
    }
    const auto colon = exclusion.where.find(':');
    const std::string place = exclusion.where.substr(0, colon);
    const std::string name = colon == std::string::npos ? "" : exclusion.where.substr(colon);
    const std::string_view target = place == "header" ? "REQUEST_HEADERS" : place == "path" ? "REQUEST_URI" : "ARGS";
    directives +=
        fmt::format("SecRuleUpdateTargetById {} \"!{}{}\"\n", exclusion.rule, target, place == "path" ? "" : name);
  }
  return directives;
}

Result<void> load_text(RuleEngine& into, std::string_view text, const std::string& name) {
  const std::string complaint = into.load_text(std::string(text), name);
  if (complaint.empty()) return {};
  return fail("firewall_rules", fmt::format("{}: {}", name, complaint));
}

Result<void> load_file(RuleEngine& into, const std::filesystem::path& file) {
  if (::access(file.c_str(), R_OK) != 0) {
    return fail(
        "firewall_rules",
        fmt::format(
            "{}: cannot be read: install Debian's package modsecurity-crs, or set firewall.rules and firewall.setup",
            file.string()));
  }
  const std::string complaint = into.load_file(file.string());
  if (complaint.empty()) return {};
  return fail("firewall_rules", fmt::format("{}: {}", file.string(), complaint));
}

Result<std::vector<std::filesystem::path>> wanted_files(const FirewallSettings& settings, RuleScope scope) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(settings.rules, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_wanted(entry->path().filename().string(), scope)) files.push_back(entry->path());
  }
  if (error || files.empty()) {
    return fail("firewall_rules", fmt::format("{}: no rules of the OWASP Core Rule Set there: install Debian's package "
                                              "modsecurity-crs, or set firewall.rules",
                                              settings.rules.string()));
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<void> load_rules(RuleEngine& into, const FirewallSettings& settings, RuleScope scope) {
  auto files = wanted_files(settings, scope);
  if (!files) return std::unexpected(std::move(files.error()));
  // The settings of the engine must come before the first rule, and our rules behind the set's.
  const auto first_rule = own_rules_text.find("# Whole requests");
  WARD_ASSERT(first_rule != own_rules_text.npos);
  if (auto done = load_text(into, own_rules_text.substr(0, first_rule), "ward.conf"); !done) return done;
  if (auto done = load_text(into, paranoia_action(settings.paranoia), "ward paranoia"); !done) return done;
  if (auto done = load_file(into, settings.setup); !done) return done;
  if (auto done = load_text(into, own_rules_text.substr(first_rule), "ward.conf"); !done) return done;
  for (const auto& file : *files) {
    if (auto done = load_file(into, file); !done) return done;
  }
  if (!settings.own_rules.empty()) {
    if (auto done = load_file(into, settings.own_rules); !done) return done;
  }
  if (auto done = load_text(into, removed, "ward removed"); !done) return done;
  if (scope == RuleScope::whole) {
    if (auto done = load_text(into, exclusion_directives(settings), "firewall.exclusion"); !done) return done;
  }
  return {};
}

}  // namespace ward::shield
