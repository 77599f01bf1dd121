// OperationOutcome: issues as FHIR says them.
#pragma once

#include "base/refusal.hpp"

#include <span>
#include <string>

namespace ward::fhir {

/// JSON of an OperationOutcome with these issues, line and column as HL7's extensions (operationoutcome-issue-line,
/// -col). Without any issue: one "information" that all is well.
std::string operation_outcome(std::span<const Issue> issues);
std::string operation_outcome(const Issue& issue);

}  // namespace ward::fhir
