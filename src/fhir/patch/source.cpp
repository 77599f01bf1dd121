#include "patch/source.hpp"

#include "validate.hpp"

namespace ward::fhir::patch {
namespace {

constexpr std::size_t issues_max = 100;

Refusal malformed(std::vector<Issue> issues) {
  return {.status = 400,
          .code = "patch_malformed",
          .kind = CauseKind::validation,
          .cause = issues.front().diagnostics,
          .issues = std::move(issues)};
}

}  // namespace

Allowed<json::Value> Source::parse(const json::Limits& limits) {
  auto document = json::Document::parse(text_.view(), limits);
  if (!document) return refuse(malformed({json_issue(document.error())}));
  document_ = std::move(*document);
  return document_->root();
}

void Source::wrong(json::Value where, std::string_view code, std::string said, std::string expression) {
  if (issues_.size() == issues_max) return;
  const auto position = document_->position(where.begin());
  issues_.push_back({.code = std::string(code),
                     .diagnostics = std::move(said),
                     .expression = std::move(expression),
                     .line = position.line,
                     .column = position.column});
}

Allowed<void> Source::judged() {
  if (!issues_.empty()) return refuse(malformed(std::move(issues_)));
  return {};
}

}  // namespace ward::fhir::patch
