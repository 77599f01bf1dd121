#include "firewall.hpp"

#include "sinks.hpp"

namespace ward::shield {
namespace {

/// "query:name", "path".
std::string place_of(const RuleMatch& match) {
  return match.name.empty() ? std::string(to_string(match.where))
                            : fmt::format("{}:{}", to_string(match.where), match.name);
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\'' && c != '|' && c != '\\' && c != '`'; });
}

}  // namespace

std::string Verdict::rules() const {
  std::string list;
  std::uint32_t last = 0;
  for (const auto& match : matches) {
    if (match.rule == last) continue;
    list += fmt::format("{}{}", list.empty() ? "" : ",", match.rule);
    last = match.rule;
  }
  return list;
}

std::vector<std::string> Verdict::explain() const {
  std::vector<std::string> lines;
  for (const auto& match : matches) {
    lines.push_back(fmt::format("{} {} +{}{} {}", match.rule, log_field(place_of(match), 200), match.score,
                                match.clinical ? " clinical" : "", log_field(match.message, 200)));
  }
  if (unscanned > 0)
    lines.push_back(fmt::format("{} clinical values beyond the request's budget were not scored", unscanned));
  return lines;
}

std::string Verdict::exclusions() const {
  std::string toml;
  std::set<std::pair<std::uint32_t, std::string>> written;
  for (const auto& match : matches) {
    if (match.clinical && score > 0) continue;  // it is the other values that block
    const std::string place = place_of(match);
    if (!is_plain(place) || !written.emplace(match.rule, place).second) continue;
    toml += fmt::format("[[firewall.exclusion]]\nrule = {}\nwhere = \"{}\"  # {}\n\n", match.rule, place,
                        log_field(match.message, 120));
  }
  return toml;
}

Refusal Verdict::refusal() const {
  Refusal refusal;
  refusal.status = 403;
  refusal.code = "firewall_blocked";
  refusal.kind = CauseKind::firewall;
  refusal.cause = fmt::format("firewall rules {} (score {}{})", rules(), score,
                              clinical_score > 0 ? fmt::format(", clinical {}", clinical_score) : "");
  Issue issue;
  issue.code = "forbidden";
  issue.diagnostics = fmt::format(
      "The request looks like an attack (firewall rules {}). If it is not, tell the operator these numbers.", rules());
  refusal.issues.push_back(std::move(issue));
  return refusal;
}

}  // namespace ward::shield
