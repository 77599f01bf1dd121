// A "no" as a value: made once, then rendered for the caller, recorded by audit, and explained by `ward explain`.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ward {

/// What the caller may be told. `record` causes depend on stored data, and the answer must equal that of absence.
enum class CauseKind {
  protocol,
  limit,
  firewall,
  authentication,
  scope,
  policy,
  record,
  validation,
  upstream,
  internal
};

/// One thing to be said in an answer (an OperationOutcome issue, a problem's detail).
struct Issue {
  std::string severity = "error";  // fatal | error | warning | information (FHIR issue-severity)
  std::string code;                // FHIR issue-type: invalid, required, value, not-found, forbidden, throttled ...
  std::string diagnostics;         // for the reader; never a stored value
  std::string expression;          // FHIRPath of the element, if any
  unsigned line = 0;               // 1-based; 0 if unknown
  unsigned column = 0;
};

/// status: HTTP status. code: stable slug ("scope_missing"). cause: names the policy line, scope, rule or limit; for
/// the audit record and `ward explain`, shown to the caller only if `kind` is not `record`.
struct Refusal {
  int status = 403;
  std::string code;
  CauseKind kind = CauseKind::policy;
  std::string cause;
  std::vector<Issue> issues;
  std::vector<std::pair<std::string, std::string>> headers;  // WWW-Authenticate, Retry-After, Allow ...
};

template <class T>
using Allowed = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(Refusal refusal) { return std::unexpected(std::move(refusal)); }

}  // namespace ward
