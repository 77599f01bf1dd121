#include "validate.hpp"

#include "validate_walk.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace ward::fhir {

Reading read_resource(const json::Document& document, const ReadOptions& options) {
  Reading reading;
  Walk walk(reading, options);
  walk.resource(document.root(), Place{}, nullptr);
  walk.finish(document);
  return reading;
}

namespace {

/// In the order of the source, with line and column.
std::vector<Issue> in_order(std::string_view source, const std::vector<std::size_t>& offsets,
                            std::vector<Issue> issues) {
  std::vector<std::size_t> order(offsets.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(offsets[i], i); });
  std::vector<Issue> sorted;
  sorted.reserve(order.size());
  // Lines are counted from one issue to the next, so that a hundred of them do not read a large body a hundred times.
  unsigned line = 1;
  std::size_t line_begin = 0;
  std::size_t counted = 0;
  for (const std::size_t i : order) {
    const std::size_t offset = offsets[i];
    const std::string_view between = source.substr(counted, offset - counted);
    line += static_cast<unsigned>(std::ranges::count(between, '\n'));
    if (const std::size_t last = between.rfind('\n'); last != std::string_view::npos) line_begin = counted + last + 1;
    counted = offset;
    Issue& own = sorted.emplace_back(std::move(issues[i]));
    own.line = line;
    own.column = static_cast<unsigned>(offset - line_begin) + 1;
  }
  return sorted;
}

}  // namespace

void Walk::finish(const json::Document& document) {
  reading_.issues = in_order(document.source(), offsets_, std::move(reading_.issues));
  reading_.warnings = in_order(document.source(), warning_offsets_, std::move(reading_.warnings));
}

namespace {

/// The number behind `word` in "line 3, column 5: ..."; 0 if there is none.
unsigned number_behind(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  unsigned value = 0;
  if (at != std::string_view::npos) std::from_chars(text.data() + at + word.size(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Issue json_issue(const Error& error) {
  const std::string_view message = error.message();
  Issue issue;
  issue.code = error.is("json_malformed") ? "structure" : "too-costly";
  issue.diagnostics = "The body is not acceptable JSON: " + error.message();
  issue.line = number_behind(message, "line ");
  issue.column = number_behind(message, "column ");
  return issue;
}

}  // namespace ward::fhir
