#include "scanner.hpp"

#include "patterns.hpp"
#include "plain.hpp"

#include <re2/re2.h>
#include <algorithm>
#include <vector>

namespace ward::deidentify {
namespace {

struct Compiled {
  const Pattern* pattern;
  std::unique_ptr<RE2> expression;
};

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// Only what stands between the parts of one name or place.
bool is_joint(std::string_view between) {
  return between.size() <= 2 && between.find_first_not_of(" ,.'-_") == std::string_view::npos;
}

/// Spans in order, none over another: of two that touch the same bytes the earlier and longer one names the class.
std::vector<Span> in_order(std::vector<Span> spans, std::string_view plain) {
  std::ranges::stable_sort(
      spans, [](const Span& a, const Span& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
  std::vector<Span> out;
  for (const Span& span : spans) {
    if (span.end <= span.begin) continue;
    if (!out.empty()) {
      Span& last = out.back();
      const bool over = span.begin < last.end;
      const bool joined = span.what == last.what && last.as.empty() && span.as.empty() && !over &&
                          is_joint(plain.substr(last.end, span.begin - last.end));
      if (over || joined) {
        if (over && span.end > last.end) last.as = {};
        last.end = std::max(last.end, span.end);
        continue;
      }
    }
    out.push_back(span);
  }
  return out;
}

/// Compiled once; RE2 objects may be used by all threads.
const std::vector<Compiled>& compiled() {
  static const std::vector<Compiled> all = [] {
    std::vector<Compiled> made;
    RE2::Options options;
    options.set_log_errors(false);
    for (const Pattern& pattern : patterns()) {
      made.push_back({&pattern, std::make_unique<RE2>(pattern.expression, options)});
      WARD_ASSERT(made.back().expression->ok());
    }
    return made;
  }();
  return all;
}

}  // namespace

Scanner::Scanner(int year) : year_(year) { compiled(); }

std::vector<Span> Scanner::find(std::string_view source, std::span<const Known* const> known) const {
  const Plain plain(source);
  const std::string_view text = plain.text();
  std::vector<Span> spans;
  const std::vector<Word> words = words_of(text);
  for (const Known* one : known)
    if (one != nullptr) one->find(text, words, spans);
  const bool digits = has_digit(text);
  for (const auto& [pattern, expression] : compiled()) {
    if (pattern->needs_digit && !digits) continue;
    const int groups = expression->NumberOfCapturingGroups() > 0 ? 2 : 1;
    re2::StringPiece found[2];
    const re2::StringPiece whole(text.data(), text.size());
    for (std::size_t at = 0; at < text.size();) {
      if (!expression->Match(whole, at, text.size(), RE2::UNANCHORED, found, groups)) break;
      const re2::StringPiece& part = groups == 2 && found[1].data() != nullptr ? found[1] : found[0];
      const auto begin = static_cast<std::size_t>(part.data() - text.data());
      const std::size_t end = begin + part.size();
      if (part.size() > 0 && (pattern->accept == nullptr || pattern->accept({text, begin, end, year_})))
        spans.push_back({begin, end, pattern->what, pattern->as});
      at = std::max(end, at + 1);
    }
  }
  std::vector<Span> all = in_order(std::move(spans), text);
  for (Span& span : all) {
    span.begin = plain.source_begin(span.begin);
    span.end = plain.source_end(span.end);
  }
  return all;
}

std::string Scanner::scan(std::string_view text, std::span<const Known* const> known, Counts& counts) const {
  std::string out;
  std::size_t from = 0;
  for (const Span& span : find(text, known)) {
    if (span.end <= from) continue;
    if (span.begin > from) out.append(text.substr(from, span.begin - from));
    out.append(span.as.empty() ? mark(span.what) : span.as);
    from = span.end;
    counts.add(span.what);
  }
  out.append(text.substr(from));
  return out;
}

bool Scanner::is_clean(std::string_view text, std::span<const Known* const> known) const {
  return find(text, known).empty();
}

}  // namespace ward::deidentify
