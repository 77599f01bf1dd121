// The web application firewall: OWASP CRS by libmodsecurity, over the values that validation could not prove harmless.
#pragma once

#include "base/config.hpp"
#include "base/error.hpp"
#include "base/refusal.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::shield {

enum class Where : std::uint8_t { path, query, header, body };
std::string_view to_string(Where where);

/// A decoded value that typed validation left free. `name`: of the parameter, header (lower case) or element
/// ("Patient.name.family"); empty for a path segment. `clinical`: free text that people write (note, narrative).
struct FreeValue {
  Where where;
  std::string_view name;
  std::string_view value;
  bool clinical = false;
};

enum class FirewallMode : std::uint8_t { off, detect, block };

/// A rule that is not to judge a value. where: "query:name", "body:Patient.name.family", "header:user-agent", "path",
/// "query" (all of them), or "" (everywhere).
struct RuleExclusion {
  std::uint32_t rule = 0;
  std::string where;
};

struct FirewallSettings {
  FirewallMode mode = FirewallMode::block;
  std::uint32_t paranoia = 1;
  std::uint32_t threshold = 5;  // CRS's inbound default: one critical rule blocks
  std::uint32_t clinical_threshold = 60;
  std::filesystem::path rules = "/usr/share/modsecurity-crs/rules";
  std::filesystem::path setup = "/etc/modsecurity/crs/crs-setup.conf";
  std::filesystem::path own_rules;  // SecLang of the operator, loaded last; may be empty
  std::vector<RuleExclusion> exclusions;
  std::uint32_t remembered_max = 16'384;    // short values known to be clean (8 bytes each)
  std::uint32_t values_max = 10'000;        // free values of one request that are not clinical; more is blocked
  std::uint32_t clinical_values_max = 500;  // scored in one request; more are stored unscored, as data
};

/// Reads [firewall]: `mode`, `paranoia`, `threshold`, `clinical_threshold`, `rules`, `setup`, `own_rules`,
/// [[firewall.exclusion]] with `rule` and `where`.
FirewallSettings read_firewall(const config::Section& section);

/// What of the settings a route may say otherwise: `mode`, `threshold`, `clinical_threshold`.
struct FirewallRoute {
  FirewallMode mode = FirewallMode::block;
  std::uint32_t threshold = 5;
  std::uint32_t clinical_threshold = 60;
};
FirewallRoute read_firewall_route(const config::Section& section, const FirewallSettings& settings);

/// One rule that matched one value. Never holds the value.
struct RuleMatch {
  std::uint32_t rule = 0;
  std::uint32_t score = 0;  // by severity: critical 5, error 4, warning 3, notice 2
  std::string message;      // the rule's own
  Where where = Where::query;
  std::string name;
  bool clinical = false;
};

struct Verdict {
  bool blocked = false;              // the route's mode is block, and a threshold is reached
  std::uint32_t score = 0;           // of the values that are not clinical
  std::uint32_t clinical_score = 0;  // of the clinical value that scores highest
  std::uint32_t unscanned = 0;       // clinical values beyond the request's budget
  std::vector<RuleMatch> matches;    // by rule id

  bool clean() const { return matches.empty(); }
  /// "941100,942100": what a block names and the record keeps.
  std::string rules() const;
  /// A line per match for `ward explain`: "942100 query:name +5 SQL Injection Attack Detected via libinjection".
  std::vector<std::string> explain() const;
  /// The narrowest [[firewall.exclusion]] tables that would let this request pass, as TOML.
  std::string exclusions() const;
  /// 403 `firewall_blocked`; the cause names the rules. Only if blocked.
  Refusal refusal() const;
};

struct WholeHeader {
  std::string_view name, value;
};

/// CRS in anomaly scoring. Thread rule: any thread; rules are shared and read-only. Cost: nothing for no free values,
/// one transaction for all of a request (0.3 to 2 ms of CPU, more for long text), nothing for a remembered header
/// value.
class Firewall {
 public:
  /// Loads the rules. Errors: "firewall_rules" names what did not load and what to install or set.
  static Result<std::unique_ptr<Firewall>> open(FirewallSettings settings);
  virtual ~Firewall() = default;

  virtual Verdict scan(std::span<const FreeValue> values, const FirewallRoute& route) const = 0;
  /// The full rule set over a whole request: for routes without a contract. `uri` as sent, `body` may be empty.
  virtual Verdict scan_whole(std::string_view method, std::string_view uri, std::span<const WholeHeader> headers,
                             std::string_view body, const FirewallRoute& route) const = 0;
  virtual const FirewallSettings& settings() const = 0;
  /// "OWASP_CRS/3.3.4, 190 rules", for start-up and `ward check`.
  virtual std::string description() const = 0;
};

}  // namespace ward::shield
