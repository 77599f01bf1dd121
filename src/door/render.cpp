#include "render.hpp"

#include "base/encoding.hpp"
#include "fhir/outcome.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

std::string_view event_of(const Refusal& refusal) {
  switch (refusal.kind) {
    case CauseKind::firewall:
      return audit::event::block;
    case CauseKind::limit:
      return audit::event::limit;
    case CauseKind::upstream:
      return audit::event::upstream_failed;
    default:
      return audit::event::refusal;
  }
}

/// Only what follows from token, role and request alone may be named.
std::string told(const Refusal& refusal) {
  if (!refusal.issues.empty() && !refusal.issues.front().diagnostics.empty()) return refusal.issues.front().diagnostics;
  return refusal.kind == CauseKind::record || refusal.kind == CauseKind::internal ? "" : refusal.cause;
}

Buffer problem(const Refusal& refusal) {  // RFC 9457
  std::string text = "{\"type\":\"about:blank\",\"title\":";
  append_json_string(text, refusal.code);
  text += ",\"status\":" + std::to_string(refusal.status) + ",\"detail\":";
  append_json_string(text, told(refusal));
  return Buffer(text + "}");
}

Buffer oauth_error(const Refusal& refusal) {  // RFC 6749 section 5.2
  std::string text = "{\"error\":";
  append_json_string(text, refusal.status == 429 || refusal.status == 503 ? "temporarily_unavailable"
                           : refusal.status >= 500                        ? "server_error"
                                                                          : "invalid_request");
  text += ",\"error_description\":";
  append_json_string(text, told(refusal));
  return Buffer(text + "}");
}

std::string_view issue_code(const Refusal& refusal) {
  switch (refusal.status) {
    case 401:
      return "login";
    case 403:
      return "forbidden";
    case 404:
      return "not-found";
    case 409:
    case 412:
      return "conflict";
    case 413:
      return "too-long";
    case 429:
      return "throttled";
    case 503:
      return "transient";
    default:
      return refusal.status >= 500 ? "exception" : "invalid";
  }
}

}  // namespace

Buffer outcome(std::span<const Issue> issues) { return Buffer(fhir::operation_outcome(issues)); }

std::string_view unavailable_outcome() {
  return R"({"resourceType":"OperationOutcome","issue":[{"severity":"fatal","code":"transient","diagnostics":"the audit log cannot be written; nothing is served until it can"}]})";
}

Refusal not_known(std::string_view type, std::string_view id, std::string cause) {
  return {.status = 404,
          .code = "not_found",
          .kind = CauseKind::record,
          .cause = std::move(cause),
          .issues = {{.code = "not-found", .diagnostics = fmt::format("{}/{} is not known", type, id)}}};
}

void render_refusal(Exchange& x, const Refusal& refusal) {
  Answer answer{.status = refusal.status, .headers = refusal.headers, .body = std::nullopt};
  const RouteKind kind = x.route != nullptr ? x.route->kind : RouteKind::upstream;
  if (kind == RouteKind::fhir) {
    std::vector<Issue> issues = refusal.issues;
    if (issues.empty()) issues.push_back({.code = std::string(issue_code(refusal)), .diagnostics = told(refusal)});
    answer.header("content-type", "application/fhir+json");
    answer.body = access::Sendable::without_phi(outcome(issues));
  } else if (kind == RouteKind::oauth) {
    answer.header("content-type", "application/json");
    answer.body = access::Sendable::without_phi(oauth_error(refusal));
  } else {
    answer.header("content-type", "application/problem+json");
    answer.body = access::Sendable::without_phi(problem(refusal));
  }
  x.answer = std::move(answer);
  x.phi.reset();
  if (x.record.event.empty() || x.record.event.starts_with("phi.")) x.record.event = event_of(refusal);
  const bool unknown = x.intent && (refusal.code == "store_failed" || refusal.kind == CauseKind::upstream);
  x.record.outcome = unknown                 ? audit::Outcome::unknown
                     : refusal.status >= 500 ? audit::Outcome::failed
                                             : audit::Outcome::refused;
  x.record.cause = refusal.code + ": " + refusal.cause;
}

}  // namespace ward::door
