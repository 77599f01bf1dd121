#include "explain.hpp"

#include "fhir/search.hpp"
#include "fhir_request.hpp"
#include "line_values.hpp"
#include "r4/r4.hpp"
#include "related.hpp"
#include "shield/request_line.hpp"
#include "stages/stages.hpp"

#include <algorithm>

namespace ward::door {
namespace {

using Steps = std::vector<ExplainStep>;

bool refused(Steps& steps, std::string stage, const Refusal& refusal) {
  steps.push_back({std::move(stage), false, fmt::format("{} {}: {}", refusal.status, refusal.code, refusal.cause), ""});
  return false;
}

void explain_limits(Steps& steps, const Live& live) {
  for (const shield::RatePolicy& policy : live.limits->settings().policies)
    steps.push_back({"limits", true,
                     fmt::format("{}: {}/s, up to {} at once; over it delayed up to {} ms, then 429", policy.name,
                                 policy.per_second, policy.burst, live.limits->settings().delay_max.count()),
                     policy.where});
}

bool explain_firewall(Steps& steps, const Live& live, const Route& route, const FhirRequest& fhir,
                      const std::vector<std::pair<std::string, std::string>>& query) {
  const auto values = free_query_values(route, fhir, query);
  if (values.empty()) {
    steps.push_back({"shield", true, "every value is proven by its type; nothing is scanned", ""});
    return true;
  }
  const shield::Verdict verdict = live.firewall->scan(values, route.firewall);
  for (const std::string& line : verdict.explain()) steps.push_back({"shield", !verdict.blocked, line, ""});
  if (verdict.clean())
    steps.push_back({"shield", true, fmt::format("{} free value(s) scanned, no rule matched", values.size()), ""});
  if (verdict.blocked)
    steps.push_back({"shield", false, "blocked; the narrowest exclusion: " + verdict.exclusions(), ""});
  return !verdict.blocked;
}

void explain_refused_path(Steps& steps, const Live& live, const shield::FirewallRoute& route, std::string_view path,
                          std::string stage, const Refusal& refusal) {
  const std::vector<std::string> pieces = free_path_pieces(path);
  const shield::Verdict verdict = pieces.empty() || route.mode == shield::FirewallMode::off
                                      ? shield::Verdict{}
                                      : live.firewall->scan(path_values(pieces), route);
  for (const std::string& line : verdict.explain()) steps.push_back({"shield", !verdict.blocked, line, ""});
  if (verdict.blocked) steps.push_back({"shield", false, "blocked", ""});
  refused(steps, std::move(stage), refusal);
}

bool explain_identity(Steps& steps, const ExplainRequest& request) {
  if (!request.caller) {
    steps.push_back({"identify", false, "401: no token", ""});
    return false;
  }
  const identity::Caller& caller = *request.caller;
  steps.push_back(
      {"identify", true,
       fmt::format("{} {}{}, roles [{}], scope {}", caller.kind == identity::Caller::Kind::person ? "person" : "client",
                   caller.subject, caller.fhir_user.empty() ? "" : " (" + caller.fhir_user + ")",
                   fmt::join(caller.roles, ", "), caller.scope.text()),
       ""});
  return true;
}

bool explain_parameters(Steps& steps, const access::Grant& grant, const FhirRequest& fhir, const std::string& query,
                        const Live& live) {
  const auto search = fhir::parse_search(fhir.type, query, {}, {.own_bases = live.own_bases});
  if (!search) return refused(steps, "search", search.error());
  for (const fhir::UsedParam& used : search->used)
    if (used.param != nullptr && !access::searchable(grant, *used.param)) {
      steps.push_back(
          {"view", false,
           fmt::format("403 parameter_hidden: {} looks at {}, which the view hides", used.code, used.param->expression),
           grant.cause_text()});
      return false;
    }
  return true;
}

std::string denying(const access::Grant& grant, const store::Version& version, const ExplainSources& sources) {
  return sources.consents.denied_by(grant.asker(),
                                    {.type = version.type,
                                     .id = version.id,
                                     .patients = version.patients,
                                     .body = version.deleted ? std::string_view() : version.body.inside().view()},
                                    sources.clock.wall());
}

/// The labels that alone keep a version from the caller, or "".
std::string sealing(const access::Grant& grant, const store::Version& version) {
  if (grant.sees(version.type, version.patients) || !grant.sees(version.type, access::without_marks(version.patients)))
    return "";
  std::string names;
  for (const std::string& mark : version.patients)
    if (access::is_mark(mark)) names += (names.empty() ? "" : ", ") + mark.substr(1);
  return names;
}

void explain_record(Steps& steps, const access::Grant& grant, const FhirRequest& fhir, const ExplainSources& sources) {
  const auto found = sources.reader.read(fhir.type, fhir.id);
  if (!found) {
    steps.push_back({"record", false, found.error().message(), ""});
  } else if (!*found) {
    steps.push_back({"record", false, "404: there is no such resource", ""});
  } else if (const std::string consent = denying(grant, **found, sources); !consent.empty()) {
    steps.push_back({"consent", false, "404, as if it did not exist: the patient forbids it", consent});
  } else if (const std::string labels = sealing(grant, **found); !labels.empty()) {
    steps.push_back(
        {"label", false, "404, as if it did not exist: the role has no clearance for " + labels, grant.cause_text()});
  } else if (!grant.sees(fhir.type, (*found)->patients)) {
    steps.push_back(
        {"record", false,
         "404, as if it did not exist: it exists, but its patient is not among those that the relationship reaches",
         grant.cause_text()});
  } else {
    steps.push_back(
        {"record", true,
         (*found)->deleted ? "410: it was deleted" : fmt::format("version {} is in the grant", (*found)->version), ""});
  }
}

void explain_grant(Steps& steps, const ExplainRequest& request, const FhirRequest& fhir, const Live& live,
                   const ExplainSources& sources) {
  const access::Subject subject = subject_of(*request.caller, request.purpose);
  const WallTime now = sources.clock.wall();
  const access::RelatedFn related = related_by(sources.reader, *live.policy, now, sources.relationships);
  for (access::Step& step : access::explain(live.policy, subject, fhir.interaction, fhir.type, related, now))
    steps.push_back({step.stage, step.passed, step.detail, step.where});
  const auto grant = access::decide(live.policy, subject, fhir.interaction, fhir.type, related, now);
  if (!grant) return;
  const bool is_search = fhir.kind == FhirRequest::Kind::resource && fhir.interaction == Interaction::search;
  if (is_search && !explain_parameters(steps, *grant, fhir, request.query, live)) return;
  if (!fhir.id.empty()) explain_record(steps, *grant, fhir, sources);
}

}  // namespace

std::vector<ExplainStep> explain(const ExplainRequest& request, const Live& live, const ExplainSources& sources) {
  Steps steps;
  const auto segments = shield::path_segments(request.path);
  if (!segments)
    return explain_refused_path(steps, live, live.unrouted, request.path, "shield", segments.error()), steps;
  const auto found = live.routes.find(request.host, *segments);
  if (!found) return steps.push_back({"route", false, "404: no route has this path", ""}), steps;
  const Route& route = *found->route;
  steps.push_back({"route", true, fmt::format("{} ({})", route.name, route.path_template()), route.where});
  const auto query = shield::parse_query(request.query);
  if (!query) return refused(steps, "shield", query.error()), steps;
  FhirRequest fhir;
  if (route.kind == RouteKind::fhir) {
    const std::vector<std::string> rest(segments->begin() + static_cast<std::ptrdiff_t>(found->consumed),
                                        segments->end());
    auto parsed = parse_fhir_request(request.method, rest, !query->empty());
    if (!parsed) return explain_refused_path(steps, live, route.firewall, request.path, "route", parsed.error()), steps;
    fhir = std::move(*parsed);
  }
  explain_limits(steps, live);
  if (!explain_firewall(steps, live, route, fhir, *query)) return steps;
  if (route.kind == RouteKind::documents || route.kind == RouteKind::oauth || route.kind == RouteKind::manage ||
      route.kind == RouteKind::emergency)
    return steps;
  if (!explain_identity(steps, request)) return steps;
  // Of the system, each type is decided on its own.
  if (route.kind == RouteKind::fhir && !fhir.type.empty()) explain_grant(steps, request, fhir, live, sources);
  return steps;
}

}  // namespace ward::door
