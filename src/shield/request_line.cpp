#include "request_line.hpp"

#include "base/encoding.hpp"

namespace ward::shield {
namespace {

std::unexpected<Refusal> malformed(std::string_view code, std::string cause) {
  Issue issue;
  issue.code = "invalid";
  issue.diagnostics = cause;
  return refuse({.status = 400,
                 .code = std::string(code),
                 .kind = CauseKind::protocol,
                 .cause = std::move(cause),
                 .issues = {issue}});
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// "%41" is still inside: whoever decodes again behind us would read another path.
bool decodes_once_more(std::string_view text) {
  for (auto at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
    if (at + 2 < text.size() && is_hex(text[at + 1]) && is_hex(text[at + 2])) return true;
    if (at + 1 < text.size() && (text[at + 1] | 0x20) == 'u') return true;  // %uXXXX of IIS
  }
  return false;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// RFC 3986 3.3 pchar, as sent. Bytes above ASCII must be percent-encoded.
bool is_path_byte(char c) {
  constexpr std::string_view marks = "-._~!$&'()*+,=:@%";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.find(c) != marks.npos;
}

/// Why a raw segment is refused, or empty.
std::string_view fault_of_raw(std::string_view raw) {
  if (raw.empty()) return "an empty segment (//)";
  if (raw.find(';') != raw.npos) return "a matrix parameter (;)";
  if (raw.find('\\') != raw.npos) return "a backslash";
  if (!std::ranges::all_of(raw, is_path_byte)) return "a character that must be percent-encoded";
  return {};
}

std::string_view fault_of_decoded(std::string_view segment) {
  if (segment.find_first_of("/\\") != segment.npos) return "an encoded slash or backslash";
  if (segment == "." || segment == "..") return "a dot segment";
  if (has_control(segment)) return "a control character";
  if (!is_utf8(segment)) return "bytes that are not UTF-8";
  if (segment.find(';') != segment.npos) return "an encoded matrix parameter (%3B)";
  if (decodes_once_more(segment)) return "text that is encoded twice";
  return {};
}

Allowed<std::string> query_component(std::string_view raw) {
  auto decoded = percent_decode(raw, true);
  if (!decoded) return malformed("query_malformed", "the query has a % without two hexadecimal digits");
  if (!is_utf8(*decoded)) return malformed("query_malformed", "the query has bytes that are not UTF-8");
  if (!is_clean_text(*decoded)) return malformed("query_malformed", "the query has a control character");
  return std::move(*decoded);
}

}  // namespace

Allowed<std::vector<std::string>> path_segments(std::string_view raw_path) {
  const auto because = [](std::string_view fault) {
    return malformed("path_malformed", fmt::format("the path has {}", fault));
  };
  if (raw_path.empty() || raw_path.front() != '/')
    return malformed("path_malformed", "the path does not begin with a slash");
  std::vector<std::string> segments;
  std::string_view rest = raw_path.substr(1);
  while (!rest.empty()) {
    const auto slash = rest.find('/');
    const std::string_view raw = rest.substr(0, slash);
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
    if (const auto fault = fault_of_raw(raw); !fault.empty()) return because(fault);
    auto segment = percent_decode(raw);
    if (!segment) return because("a % without two hexadecimal digits");
    if (const auto fault = fault_of_decoded(*segment); !fault.empty()) return because(fault);
    segments.push_back(std::move(*segment));
  }
  return segments;
}

Allowed<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view raw, std::size_t pairs_max) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!raw.empty()) {
    const auto ampersand = raw.find('&');
    const std::string_view pair = raw.substr(0, ampersand);
    raw = ampersand == raw.npos ? std::string_view() : raw.substr(ampersand + 1);
    if (pair.empty()) continue;  // "a=1&&b=2" and a trailing & are harmless and common
    if (pairs.size() == pairs_max)
      return malformed("query_malformed", fmt::format("the query has more than {} parameters", pairs_max));
    const auto equals = pair.find('=');
    const std::string_view raw_name = pair.substr(0, equals);
    if (raw_name.find(';') != raw_name.npos)
      return malformed("query_malformed", "a parameter's name holds a semicolon");
    auto name = query_component(raw_name);
    if (!name) return std::unexpected(std::move(name.error()));
    if (name->empty()) return malformed("query_malformed", "a parameter has no name");
    auto value = query_component(equals == pair.npos ? std::string_view() : pair.substr(equals + 1));
    if (!value) return std::unexpected(std::move(value.error()));
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

bool is_header_value(std::string_view value) noexcept {
  const auto bad = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; };
  return std::ranges::none_of(value, bad) && is_utf8(value);
}

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto good = [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.find(c) != marks.npos;
  };
  return !text.empty() && std::ranges::all_of(text, good);
}

bool is_clean_text(std::string_view text) noexcept {
  const auto bad = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7F;
  };
  return std::ranges::none_of(text, bad) && is_utf8(text);
}

}  // namespace ward::shield
