#include "firewall.hpp"

#include "rule_engine.hpp"
#include "rule_files.hpp"
#include "sinks.hpp"
#include "verdict_memory.hpp"

#include "base/encoding.hpp"

namespace ward::shield {
namespace {

constexpr std::uint32_t too_many_values_rule = 9'500'002;
constexpr std::size_t batch_values_max = 200;  // of one transaction
constexpr std::size_t batch_bytes_max = 1 << 20;

/// URLs of any place are the business of these headers.
constexpr std::string_view url_headers[] = {"referer", "origin", "user-agent"};
bool is_url_rule(std::uint32_t rule) { return rule / 1000 == 931 || (rule >= 9'500'100 && rule < 9'500'200); }

std::uint32_t score_of(int severity) {
  switch (severity) {  // CRS: critical 2, error 3, warning 4, notice 5
    case 3:
      return 4;
    case 4:
      return 3;
    case 5:
      return 2;
    default:
      return severity <= 2 ? 5 : 0;
  }
}

bool is_excluded(const RuleExclusion& exclusion, const RuleMatch& match) {
  if (exclusion.rule != match.rule) return false;
  if (exclusion.where.empty()) return true;
  const std::string_view where = exclusion.where;
  const std::string_view place = to_string(match.where);
  if (!where.starts_with(place)) return false;
  if (where.size() == place.size()) return true;
  return where[place.size()] == ':' && equal_ignoring_case(where.substr(place.size() + 1), match.name);
}

/// "REQUEST_HEADERS:user-agent" in our words.
std::pair<Where, std::string> place_named(std::string_view variable) {
  const auto colon = variable.find(':');
  const std::string name = colon == variable.npos ? "" : log_field(variable.substr(colon + 1), 100);
  for (const std::string_view in_header : {"REQUEST_HEADERS", "REQUEST_COOKIES"}) {
    if (variable.starts_with(in_header)) return {Where::header, name};
  }
  for (const std::string_view in_body : {"ARGS_POST", "REQUEST_BODY", "XML", "FILES", "MULTIPART", "REQBODY"}) {
    if (variable.starts_with(in_body)) return {Where::body, name};
  }
  return {variable.starts_with("REQUEST_") ? Where::path : Where::query, name};
}

void finish(Verdict& verdict, std::span<const std::uint32_t> clinical_scores, const FirewallRoute& route) {
  std::ranges::sort(verdict.matches, {},
                    [](const RuleMatch& match) { return std::tie(match.rule, match.where, match.name); });
  for (const auto& match : verdict.matches) verdict.score += match.clinical ? 0 : match.score;
  if (!clinical_scores.empty()) verdict.clinical_score = *std::ranges::max_element(clinical_scores);
  const bool over = verdict.score >= route.threshold || verdict.clinical_score >= route.clinical_threshold;
  verdict.blocked = over && route.mode == FirewallMode::block;
}

class CoreRuleSet final : public Firewall {
 public:
  explicit CoreRuleSet(FirewallSettings settings) : settings_(std::move(settings)), memory_(settings_.remembered_max) {}

  Result<void> load() {
    if (settings_.mode == FirewallMode::off) return {};
    if (auto done = load_rules(value_rules_, settings_, RuleScope::values); !done) return done;
    return load_rules(whole_rules_, settings_, RuleScope::whole);
  }

  Verdict scan(std::span<const FreeValue> values, const FirewallRoute& route) const override;
  Verdict scan_whole(std::string_view method, std::string_view uri, std::span<const WholeHeader> headers,
                     std::string_view body, const FirewallRoute& route) const override;
  const FirewallSettings& settings() const override { return settings_; }
  std::string description() const override;

 private:
  using Batch = std::vector<const FreeValue*>;

  /// What is not known to be clean, within the budgets.
  Batch unknown(std::span<const FreeValue> values, Verdict& verdict) const;
  void scan_batch(std::span<const FreeValue* const> batch, Verdict& verdict,
                  std::vector<std::uint32_t>& clinical_scores) const;
  void keep_match(const EngineMatch& message, std::span<const FreeValue* const> batch,
                  std::vector<std::uint32_t>& scores, std::set<std::pair<std::uint32_t, std::size_t>>& seen,
                  Verdict& verdict) const;
  bool excluded(const RuleMatch& match) const {
    return std::ranges::any_of(settings_.exclusions,
                               [&](const auto& exclusion) { return is_excluded(exclusion, match); });
  }

  FirewallSettings settings_;
  mutable VerdictMemory memory_;
  RuleEngine value_rules_;
  RuleEngine whole_rules_;
};

std::uint64_t kind_of(const FreeValue& value) {
  // Headers are known by name, as a rule may be meant for one of them only.
  std::uint64_t name = 0;
  if (value.where == Where::header) name = std::hash<std::string_view>()(value.name);
  return (name << 3) | (static_cast<std::uint64_t>(value.where) << 1) | (value.clinical ? 1U : 0U);
}

Verdict CoreRuleSet::scan(std::span<const FreeValue> values, const FirewallRoute& route) const {
  Verdict verdict;
  if (settings_.mode == FirewallMode::off || route.mode == FirewallMode::off || values.empty()) return verdict;
  const Batch all = unknown(values, verdict);
  std::vector<std::uint32_t> clinical_scores;
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin, bytes = 0;
    while (end < all.size() && end - begin < batch_values_max &&
           (end == begin || bytes + all[end]->value.size() <= batch_bytes_max)) {
      bytes += all[end++]->value.size();
    }
    scan_batch(std::span(all).subspan(begin, end - begin), verdict, clinical_scores);
    begin = end;
  }
  finish(verdict, clinical_scores, route);
  return verdict;
}

CoreRuleSet::Batch CoreRuleSet::unknown(std::span<const FreeValue> values, Verdict& verdict) const {
  Batch batch;
  std::uint32_t clinical = 0, others = 0;
  for (const auto& value : values) {
    if (value.value.empty() || memory_.is_clean(kind_of(value), value.value)) continue;
    if (value.clinical && ++clinical > settings_.clinical_values_max) {
      ++verdict.unscanned;
    } else if (!value.clinical && ++others > settings_.values_max) {
      if (others > settings_.values_max + 1) continue;
      verdict.matches.push_back({.rule = too_many_values_rule,
                                 .score = 1'000'000,
                                 .message = "More free values than firewall.values_max",
                                 .where = value.where,
                                 .name = {},
                                 .clinical = false});
    } else {
      batch.push_back(&value);
    }
  }
  return batch;
}

void CoreRuleSet::scan_batch(std::span<const FreeValue* const> batch, Verdict& verdict,
                             std::vector<std::uint32_t>& clinical_scores) const {
  EngineRequest request;
  std::string path;
  for (const auto* value : batch) {
    if (value->where == Where::path) path += "/" + percent_encode(value->value);
    // The few rules for one header by name need it there; all others see every value alike as an argument.
    if (value->where == Where::header) request.headers.emplace_back(value->name, value->value);
    request.arguments.push_back({.in_body = value->where == Where::body, .value = value->value});
  }
  if (!path.empty()) request.uri = std::move(path);

  std::vector<std::uint32_t> scores(batch.size(), 0);
  std::set<std::pair<std::uint32_t, std::size_t>> seen;
  for (const auto& message : value_rules_.run(request)) keep_match(message, batch, scores, seen, verdict);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i]->clinical) clinical_scores.push_back(scores[i]);
    const bool clean =
        std::ranges::none_of(seen, [&](const auto& rule_and_place) { return rule_and_place.second == i; });
    if (clean) memory_.remember_clean(kind_of(*batch[i]), batch[i]->value);
  }
}

void CoreRuleSet::keep_match(const EngineMatch& message, std::span<const FreeValue* const> batch,
                             std::vector<std::uint32_t>& scores, std::set<std::pair<std::uint32_t, std::size_t>>& seen,
                             Verdict& verdict) const {
  auto place = static_cast<std::size_t>(message.argument);
  if (place >= batch.size()) {
    // A match in the request line or in a header by name: of the first value there, and never counted as clinical.
    const Where where = place_named(message.variable).first;
    const auto found =
        std::ranges::find_if(batch, [&](const FreeValue* value) { return value->where == where && !value->clinical; });
    place = static_cast<std::size_t>(found - batch.begin());
  }
  if (!seen.emplace(message.rule, place).second) return;
  const FreeValue* value = place < batch.size() ? batch[place] : nullptr;
  RuleMatch match;
  match.rule = message.rule;
  match.score = score_of(message.severity);
  match.message = message.message;
  match.where = value ? value->where : Where::path;
  match.name = value ? std::string(value->name) : "";
  match.clinical = value && value->clinical;
  if (match.where == Where::header && is_url_rule(match.rule) &&
      std::ranges::find(url_headers, match.name) != std::end(url_headers))
    return;
  if (match.score == 0 || excluded(match)) return;
  if (value) scores[place] += match.score;
  verdict.matches.push_back(std::move(match));
}

Verdict CoreRuleSet::scan_whole(std::string_view method, std::string_view uri, std::span<const WholeHeader> headers,
                                std::string_view body, const FirewallRoute& route) const {
  Verdict verdict;
  if (settings_.mode == FirewallMode::off || route.mode == FirewallMode::off) return verdict;
  EngineRequest request;
  request.method = method;
  request.uri = uri;
  for (const auto& header : headers) request.headers.emplace_back(header.name, header.value);
  request.body = body;
  std::set<std::pair<std::uint32_t, std::string>> seen;
  for (const auto& message : whole_rules_.run(request)) {
    auto [where, name] = place_named(message.variable);
    const std::uint32_t score = score_of(message.severity);
    if (score == 0 || !seen.emplace(message.rule, name).second) continue;
    verdict.matches.push_back({.rule = message.rule,
                               .score = score,
                               .message = message.message,
                               .where = where,
                               .name = std::move(name),
                               .clinical = false});
  }
  finish(verdict, {}, route);
  return verdict;
}

std::string CoreRuleSet::description() const {
  if (settings_.mode == FirewallMode::off) return "off";
  return fmt::format("{}, {} rules and markers for values, paranoia {}", value_rules_.signature(), value_rules_.size(),
                     settings_.paranoia);
}

}  // namespace

Result<std::unique_ptr<Firewall>> Firewall::open(FirewallSettings settings) {
  auto firewall = std::make_unique<CoreRuleSet>(std::move(settings));
  if (auto done = firewall->load(); !done) return std::unexpected(std::move(done.error()));
  return std::unique_ptr<Firewall>(std::move(firewall));
}

}  // namespace ward::shield
