// $validate: all problems of a resource in one answer. Nothing is stored, and nothing stored is told.
#include "fhir/validate.hpp"

#include "fhir/operations/common.hpp"
#include "fhir/operations/operations.hpp"
#include "render.hpp"
#include "scan.hpp"
#include "services.hpp"
#include "shield/narrative.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

/// The resource, and where its bytes stand in the body: at line 1 and column 1 unless Parameters are around it.
struct Given {
  json::Value resource;
  json::Document::Position at{1, 1};
};

/// The resource of the body, or the one in a Parameters body, whose plain values are put with those of the URL.
Allowed<Given> given(Exchange& x) {
  if (!x.content.document) return Given{};
  const json::Value root = x.content.document->root();
  if (root.string("resourceType") != "Parameters" || x.fhir.type == "Parameters") return Given{root};
  const fhir::Reading reading = fhir::read_resource(*x.content.document, {});
  if (auto scanned = scan_values(x, reading); !scanned) return refuse(scanned.error());
  Given found;
  const json::Value list = root["parameter"];
  for (json::Value one = list.first(); one; one = one.next()) {
    const std::string name = one.string("name");
    if (name == "resource" && one["resource"].is_object() && !found.resource) {
      found.resource = one["resource"];
      found.at = x.content.document->position(found.resource.begin());
    } else if (name == "mode" && one["valueCode"].is_string()) {
      x.query.emplace_back(name, one.string("valueCode"));
    } else if (name == "profile" && (one["valueUri"].is_string() || one["valueCanonical"].is_string())) {
      x.query.emplace_back(name, "given");
    } else {
      return refuse(wrong_parameter("not-supported", "$validate takes resource, mode and profile, each once"));
    }
  }
  return found;
}

/// What the mode would do; without one, either was decided before the body was read.
Interaction interaction_of(const Exchange& x, std::string_view mode) {
  if (mode == "delete") return Interaction::remove;
  return mode == "create"                         ? Interaction::create
         : mode == "update" || !x.fhir.id.empty() ? Interaction::update
                                                  : x.grant->interaction();
}

/// What the mode would do must be allowed, to this caller on this resource.
boost::asio::awaitable<Allowed<void>> check_mode(Exchange& x, std::string_view mode) {
  if (mode != "" && mode != "create" && mode != "update" && mode != "delete" && mode != "profile")
    co_return refuse(wrong_parameter("invalid", "mode is create, update, delete or profile"));
  if (x.fhir.id.empty() ? mode == "delete" : mode == "create")
    co_return refuse(wrong_parameter(
        "invalid", "the mode delete is for one resource, Type/id/$validate; create is for Type/$validate"));
  auto grant = decide(x, interaction_of(x, mode), x.fhir.type);
  if (!grant) co_return refuse(grant.error());
  x.grant = std::move(*grant);
  if (x.fhir.id.empty()) co_return Allowed<void>{};
  auto stored = co_await instance_of(x, *x.grant);
  if (!stored) co_return refuse(stored.error());
  co_return Allowed<void>{};
}

void add_narratives(const fhir::Reading& reading, std::vector<Issue>& issues) {
  for (const fhir::NarrativeSpan& narrative : reading.narratives) {
    const shield::Narrative judged = shield::check_narrative(narrative.value.text());
    if (const auto* bad = std::get_if<shield::NarrativeRefused>(&judged))
      issues.push_back({.code = "invalid",
                        .diagnostics = "the narrative cannot be taken: " + bad->reason,
                        .expression = narrative.expression});
    if (const auto* fixed = std::get_if<shield::NarrativeCleaned>(&judged))
      issues.push_back({.severity = "warning",
                        .code = "informational",
                        .diagnostics = fmt::format("would be cleaned: {}", fmt::join(fixed->removed, ", ")),
                        .expression = narrative.expression});
  }
}

/// Places in the resource become places in the body.
void move_to(json::Document::Position at, std::vector<Issue>& issues) {
  for (Issue& issue : issues) {
    if (issue.line == 0) continue;
    if (issue.line == 1) issue.column += at.column - 1;
    issue.line += at.line - 1;
  }
}

Allowed<std::vector<Issue>> problems(Exchange& x, const Given& given) {
  const auto document = json::Document::parse(given.resource.raw());
  if (!document) return std::vector<Issue>{fhir::json_issue(document.error())};
  const fhir::Reading reading = fhir::read_resource(*document, {.warnings = true, .expected_type = x.fhir.type});
  if (auto scanned = scan_values(x, reading); !scanned) return refuse(scanned.error());
  std::vector<Issue> issues = reading.issues;
  issues.insert(issues.end(), reading.warnings.begin(), reading.warnings.end());
  move_to(given.at, issues);
  if (reading.issues_left_out > 0)
    issues.push_back({.severity = "information",
                      .code = "incomplete",
                      .diagnostics = fmt::format("{} further problem(s) are not listed", reading.issues_left_out)});
  add_narratives(reading, issues);
  return issues;
}

void check_id(const Exchange& x, std::string_view mode, json::Value resource, std::vector<Issue>& issues) {
  const bool updates = mode == "update" || (mode.empty() && !x.fhir.id.empty());
  if (!updates || (!x.fhir.id.empty() && resource.string("id") == x.fhir.id)) return;
  if (x.fhir.id.empty() && !resource.string("id").empty()) return;
  issues.push_back({.code = "invalid",
                    .diagnostics = x.fhir.id.empty() ? "an update needs the resource's id"
                                                     : "the resource must have the id of the path",
                    .expression = x.fhir.type + ".id"});
}

}  // namespace

boost::asio::awaitable<Allowed<void>> validate(Exchange& x) {
  x.record.action = 'E';
  const auto what = given(x);
  if (!what) co_return refuse(what.error());
  if (auto known = only_parameters(x, {"mode", "profile"}); !known) co_return refuse(known.error());
  const auto mode = value_of(x, "mode");
  if (!mode) co_return refuse(mode.error());
  const auto allowed = co_await check_mode(x, *mode);
  if (!allowed) co_return refuse(allowed.error());

  std::vector<Issue> issues;
  if (what->resource) {
    auto found = problems(x, *what);
    if (!found) co_return refuse(found.error());
    issues = std::move(*found);
    check_id(x, *mode, what->resource, issues);
  } else if (*mode != "delete") {
    co_return refuse(wrong_parameter("required", "$validate needs a resource, as the body or in Parameters"));
  }
  if (!values_of(x, "profile").empty())
    issues.push_back({.severity = "warning",
                      .code = "not-supported",
                      .diagnostics = "profiles are not known here; the resource was checked by the rules of R4 alone"});
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = access::Sendable::without_phi(outcome(issues));
  co_return Allowed<void>{};
}

}  // namespace ward::door
