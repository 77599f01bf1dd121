// Which files of the Core Rule Set are loaded for what.
#pragma once

#include "firewall.hpp"
#include "rule_engine.hpp"

namespace ward::shield {

/// For the free values: only rules that judge content. Methods, protocol, multipart framing and reputation are judged
/// by our own reading of the request; the outcome (949, 980) is computed here from the matches; answers are not
/// scanned. For whole requests: protocol and multipart rules too.
enum class RuleScope : std::uint8_t { values, whole };

/// Loads engine settings, the CRS from its folder unmodified, our rules, the operator's. Errors: "firewall_rules".
Result<void> load_rules(RuleEngine& into, const FirewallSettings& settings, RuleScope scope);

}  // namespace ward::shield
