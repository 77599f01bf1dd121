// The firewall over what validation could not prove harmless.
#include "scan.hpp"
#include "line_values.hpp"
#include "services.hpp"
#include "shield/request_line.hpp"
#include "stages/stages.hpp"

namespace ward::door {

Allowed<void> obey(Exchange& x, const shield::Verdict& verdict) {
  if (verdict.clean()) return {};
  x.record.detail.emplace_back("rules", verdict.rules());
  x.record.detail.emplace_back("score", fmt::format("{}+{} clinical", verdict.score, verdict.clinical_score));
  if (!verdict.blocked) return {};
  x.services.counters.firewall_blocks.add();
  return refuse(verdict.refusal());
}

/// A path that names nothing here may still be an attack: the record says which.
Allowed<void> scan_refused_path(Exchange& x) {
  const shield::FirewallRoute route = x.route != nullptr ? x.route->firewall : x.live->unrouted;
  if (x.live->firewall == nullptr || route.mode == shield::FirewallMode::off) return {};
  const std::vector<std::string> pieces = free_path_pieces(x.stream.head().path);
  if (pieces.empty()) return {};
  return obey(x, x.live->firewall->scan(path_values(pieces), route));
}

Allowed<void> scan_line_values(Exchange& x) {
  if (x.live->firewall == nullptr || x.route->firewall.mode == shield::FirewallMode::off) return {};
  if (x.route->kind == RouteKind::upstream) return {};  // without a contract: scanned whole, with its body
  const auto values = free_line_values(x);
  if (!values.empty())
    if (auto passed = obey(x, x.live->firewall->scan(values, x.route->firewall)); !passed) return passed;
  return x.route->kind == RouteKind::fhir ? scan_condition(x, x.fhir.type, x.header(condition_header))
                                          : Allowed<void>{};
}

Allowed<void> scan_condition(Exchange& x, std::string_view type, std::string_view query) {
  if (query.empty() || x.live->firewall == nullptr || x.route->firewall.mode == shield::FirewallMode::off) return {};
  auto pairs = shield::parse_query(query);
  if (!pairs) return refuse(pairs.error());
  FhirRequest condition;
  condition.type = type;
  const auto values = free_query_values(*x.route, condition, *pairs);
  if (values.empty()) return {};
  return obey(x, x.live->firewall->scan(values, x.route->firewall));
}

}  // namespace ward::door
