#include "outcome.hpp"

#include "base/encoding.hpp"

#include <fmt/format.h>

namespace ward::fhir {

namespace {

constexpr std::string_view extension_base = "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-";

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out += fmt::format(",\"{}\":", name);
  append_json_string(out, text);
}

void append_position(std::string& out, const Issue& issue) {
  out += fmt::format(
      "\"extension\":[{{\"url\":\"{0}line\",\"valueInteger\":{1}}},{{\"url\":\"{0}col\",\"valueInteger\":{2}}}],",
      extension_base, issue.line, issue.column);
}

void append_issue(std::string& out, const Issue& issue) {
  out += '{';
  if (issue.line != 0) append_position(out, issue);
  out += "\"severity\":";
  append_json_string(out, issue.severity);
  append_member(out, "code", issue.code.empty() ? "processing" : issue.code);
  if (!issue.diagnostics.empty()) append_member(out, "diagnostics", issue.diagnostics);
  if (issue.line != 0) {
    out += fmt::format(",\"location\":[\"line {}, column {}\"]", issue.line, issue.column);
  }
  if (!issue.expression.empty()) {
    out += ",\"expression\":[";
    append_json_string(out, issue.expression);
    out += ']';
  }
  out += '}';
}

}  // namespace

std::string operation_outcome(std::span<const Issue> issues) {
  static const Issue all_well{"information", "informational", "All OK", {}, 0, 0};
  if (issues.empty()) issues = {&all_well, 1};
  std::string out = "{\"resourceType\":\"OperationOutcome\",\"issue\":[";
  for (const Issue& issue : issues) {
    if (out.back() != '[') out += ',';
    append_issue(out, issue);
  }
  return out + "]}";
}

std::string operation_outcome(const Issue& issue) { return operation_outcome({&issue, 1}); }

}  // namespace ward::fhir
