#include "path/functions.hpp"

#include "base/encoding.hpp"

#include <re2/re2.h>
#include <unicode/locid.h>
#include <unicode/unistr.h>

namespace ward::fhir::path {
namespace {

using Items = PathItems;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Byte offset of the n-th code point, or the size.
std::size_t byte_offset(std::string_view text, std::int64_t points) {
  std::size_t at = 0;
  while (at < text.size() && points > 0) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) ++at;
    --points;
  }
  return at;
}

std::int64_t points(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return !is_continuation(c); });
}

/// The focus and the first argument as strings, for functions of two.
struct Pair {
  std::string text, other;
};
std::optional<Pair> pair(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  auto text = single_text(in, focus, call.text);
  if (in.failed()) return std::nullopt;
  auto other = single_text(in, in.argument(call, 0, scope), call.text);
  if (!text || !other) return std::nullopt;
  return Pair{std::move(*text), std::move(*other)};
}

template <bool (*test)(std::string_view, std::string_view)>
Items compared(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  return texts ? Items{make(test(texts->text, texts->other))} : Items();
}

bool starts(std::string_view text, std::string_view other) { return text.starts_with(other); }
bool ends(std::string_view text, std::string_view other) { return text.ends_with(other); }
bool has(std::string_view text, std::string_view other) { return text.find(other) != text.npos; }

template <bool last>
Items index_of(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  if (!texts) return {};
  const auto at = last ? texts->text.rfind(texts->other) : texts->text.find(texts->other);
  return {make(at == std::string::npos ? std::int64_t{-1} : points(std::string_view(texts->text).substr(0, at)))};
}

Items substring(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto text = single_text(in, focus, call.text);
  const auto start = single_integer(in, in.argument(call, 0, scope), call.text);
  if (!text || !start || *start < 0 || *start >= points(*text)) return {};
  std::int64_t length = points(*text);
  if (call.children.size() > 1) {
    const auto given = single_integer(in, in.argument(call, 1, scope), call.text);
    if (in.failed()) return {};
    if (given) length = std::clamp<std::int64_t>(*given, 0, length);
  }
  const auto from = byte_offset(*text, *start);
  const std::string_view rest = std::string_view(*text).substr(from);
  return {make(std::string(rest.substr(0, byte_offset(rest, length))))};
}

template <bool up>
Items cased(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const auto text = single_text(in, focus, call.text);
  if (!text) return {};
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8(*text);
  if constexpr (up)
    wide.toUpper(icu::Locale::getRoot());
  else
    wide.toLower(icu::Locale::getRoot());
  std::string out;
  return text_result(in, wide.toUTF8String(out));
}

Items replace(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  const auto with = single_text(in, in.argument(call, 1, scope), call.text);
  if (!texts || !with) return {};
  const std::string_view text = texts->text;
  const std::size_t step = texts->other.size();
  std::string out;
  std::size_t at = 0;
  while (at <= text.size()) {
    const auto found = step > 0 ? text.find(texts->other, at) : byte_offset(text.substr(at), 1) + at;
    if (out.size() > in.context().limits.text_max) break;
    if (step == 0) out += *with;
    out += text.substr(at, std::min(found, text.size()) - at);
    if (found == text.npos || (step == 0 && at == text.size())) break;
    if (step > 0) out += *with;
    at = found + step;
  }
  return text_result(in, std::move(out));
}

template <bool full>
Items matches(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  if (!texts || !in.within({}, 20 + texts->other.size() + texts->text.size() / 64)) return {};
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_max_mem(1 << 20);
  const RE2 pattern(texts->other, options);
  if (!pattern.ok()) return in.type_error("bad or unsupported regular expression");
  return {make(full ? RE2::FullMatch(texts->text, pattern) : RE2::PartialMatch(texts->text, pattern))};
}

Items replace_matches(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  const auto with = single_text(in, in.argument(call, 1, scope), call.text);
  if (!texts || !with || !in.within({}, 20 + texts->other.size() + texts->text.size() / 16)) return {};
  if (texts->other.empty()) return {make(texts->text)};
  if (texts->text.size() * (with->size() + 1) > in.context().limits.text_max) return in.limit_error("text too long");
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(1 << 20);
  const RE2 pattern(texts->other, options);
  if (!pattern.ok()) return in.type_error("bad or unsupported regular expression");
  // N1 writes groups as $1, RE2 as \1.
  std::string rewrite;
  for (const char c : *with)
    rewrite += c == '$' ? std::string("\\") : c == '\\' ? std::string("\\\\") : std::string(1, c);
  std::string why;
  if (!pattern.CheckRewriteString(rewrite, &why)) return in.type_error("bad substitution");
  std::string out = texts->text;
  RE2::GlobalReplace(&out, pattern, rewrite);
  return text_result(in, std::move(out));
}

Items length(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const auto text = single_text(in, focus, call.text);
  return text ? Items{make(points(*text))} : Items();
}

Items to_chars(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const auto text = single_text(in, focus, call.text);
  if (!text || text->size() > in.context().limits.items_max) return {};
  Items out;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto size = byte_offset(rest, 1);
    out.push_back(make(std::string(rest.substr(0, size))));
    rest.remove_prefix(size);
  }
  return out;
}

Items trim(Evaluator& in, const Items& focus, const Node& call, const Scope&) {
  const auto text = single_text(in, focus, call.text);
  if (!text) return {};
  const auto first = text->find_first_not_of(" \t\r\n");
  if (first == text->npos) return {make(std::string())};
  return {make(text->substr(first, text->find_last_not_of(" \t\r\n") - first + 1))};
}

Items split(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  if (!texts || texts->other.empty()) return texts ? Items{make(texts->text)} : Items();
  Items out;
  std::string_view rest = texts->text;
  for (;;) {
    const auto at = rest.find(texts->other);
    out.push_back(make(std::string(rest.substr(0, at))));
    if (at == rest.npos || out.size() > in.context().limits.items_max) break;
    rest.remove_prefix(at + texts->other.size());
  }
  in.within(out);
  return out;
}

Items join(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto separator =
      call.children.empty() ? std::optional<std::string>("") : single_text(in, in.argument(call, 0, scope), call.text);
  if (in.failed() || focus.empty()) return {};
  std::string out;
  for (std::size_t i = 0; i < focus.size(); ++i) {
    const Computed value = value_of(focus[i]);
    const auto* text = std::get_if<std::string>(&value);
    if (!text) return in.type_error("join() needs strings");
    if (i > 0) out += separator.value_or("");
    out += *text;
    if (out.size() > in.context().limits.text_max) return in.limit_error("text too long");
  }
  return text_result(in, std::move(out));
}

std::string swap_alphabet(std::string text) {
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

Items encode(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  if (!texts) return {};
  if (texts->other == "hex") return text_result(in, hex_encode(texts->text));
  if (texts->other == "base64") return text_result(in, base64_encode(texts->text));
  if (texts->other == "urlbase64") return text_result(in, swap_alphabet(base64_encode(texts->text)));
  return {};
}

Items decode(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  if (!texts) return {};
  std::optional<std::string> out;
  if (texts->other == "hex") out = hex_decode(texts->text);
  if (texts->other == "base64") out = base64_decode(texts->text);
  if (texts->other == "urlbase64") out = base64url_decode(texts->text.substr(0, texts->text.find_last_not_of('=') + 1));
  return out && is_utf8(*out) ? text_result(in, std::move(*out)) : Items();
}

constexpr std::pair<std::string_view, std::string_view> html[] = {
    {"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}};
constexpr std::pair<std::string_view, std::string_view> json_escapes[] = {
    {"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}, {"\r", "\\r"}, {"\t", "\\t"}};

template <bool forward>
std::string translate(std::string_view text, std::span<const std::pair<std::string_view, std::string_view>> pairs) {
  std::string out;
  while (!text.empty()) {
    std::size_t used = 0;
    for (const auto& [plain, escaped] : pairs) {
      const auto& from = forward ? plain : escaped;
      if (!text.starts_with(from)) continue;
      out += forward ? escaped : plain;
      used = from.size();
      break;
    }
    if (used == 0) out.push_back(text[0]), used = 1;
    text.remove_prefix(used);
  }
  return out;
}

template <bool forward>
Items escape(Evaluator& in, const Items& focus, const Node& call, const Scope& scope) {
  const auto texts = pair(in, focus, call, scope);
  if (!texts) return {};
  if (texts->other == "html") return text_result(in, translate<forward>(texts->text, html));
  if (texts->other == "json") return text_result(in, translate<forward>(texts->text, json_escapes));
  return {};
}

constexpr Function table[] = {
    {"startsWith", 1, 1, compared<starts>},
    {"endsWith", 1, 1, compared<ends>},
    {"contains", 1, 1, compared<has>},
    {"indexOf", 1, 1, index_of<false>},
    {"lastIndexOf", 1, 1, index_of<true>},
    {"substring", 1, 2, substring},
    {"upper", 0, 0, cased<true>},
    {"lower", 0, 0, cased<false>},
    {"replace", 2, 2, replace},
    {"matches", 1, 1, matches<false>},
    {"matchesFull", 1, 1, matches<true>},
    {"replaceMatches", 2, 2, replace_matches},
    {"length", 0, 0, length},
    {"toChars", 0, 0, to_chars},
    {"trim", 0, 0, trim},
    {"split", 1, 1, split},
    {"join", 0, 1, join},
    {"encode", 1, 1, encode},
    {"decode", 1, 1, decode},
    {"escape", 1, 1, escape<true>},
    {"unescape", 1, 1, escape<false>},
};

}  // namespace

std::span<const Function> string_functions() { return table; }

}  // namespace ward::fhir::path
