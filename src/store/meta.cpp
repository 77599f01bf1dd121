#include "meta.hpp"

#include <charconv>

namespace ward::store {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over JSON text without building anything. Every function gives false where the text is not JSON's shape; bytes
/// inside numbers and words are the business of the strict reader that was there before.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  std::size_t at = 0;

  void space() {
    while (at < text_.size() && is_space(text_[at])) ++at;
  }
  bool take(char c) {
    space();
    if (at >= text_.size() || text_[at] != c) return false;
    ++at;
    return true;
  }
  bool peek(char c) {
    space();
    return at < text_.size() && text_[at] == c;
  }
  bool string() {
    if (!take('"')) return false;
    for (; at < text_.size(); ++at) {
      if (text_[at] == '"') return ++at, true;
      if (text_[at] == '\\') ++at;
    }
    return false;
  }
  /// Any value. Nesting is counted, not recursed into, so that depth costs no stack.
  bool value() {
    space();
    if (at >= text_.size()) return false;
    if (text_[at] == '"') return string();
    if (text_[at] != '{' && text_[at] != '[') return word();
    std::size_t depth = 0;
    do {
      if (at >= text_.size()) return false;
      const char c = text_[at];
      if (c == '"') {
        if (!string()) return false;
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at;
    } while (depth > 0);
    return true;
  }

 private:
  bool word() {
    const std::size_t start = at;
    while (at < text_.size() && !is_space(text_[at]) && std::string_view(",]}:{[\"").find(text_[at]) == std::string_view::npos)
      ++at;
    return at > start;
  }
  std::string_view text_;
};

/// Whether the text of a JSON string (without quotes, perhaps with escapes) is `ascii`.
bool names(std::string_view quoted, std::string_view ascii) {
  if (quoted.find('\\') == std::string_view::npos) return quoted == ascii;
  std::size_t at = 0;
  for (const char expected : ascii) {
    if (at >= quoted.size()) return false;
    if (quoted[at] != '\\') {
      if (quoted[at++] != expected) return false;
      continue;
    }
    // Letters have no short escape of their own; only \uXXXX can stand for one.
    unsigned code = 0;
    if (at + 6 > quoted.size() || quoted[at + 1] != 'u') return false;
    const char* digits = quoted.data() + at + 2;
    if (std::from_chars(digits, digits + 4, code, 16).ptr != digits + 4) return false;
    if (code != static_cast<unsigned char>(expected)) return false;
    at += 6;
  }
  return at == quoted.size();
}

struct Member {
  std::string_view name;
  std::size_t begin, end;  // of the value
};

/// Calls `each(Member)` for the members of the object at the scanner; false if it is not one.
template <class Each>
bool members(Scanner& scan, std::string_view text, Each each) {
  if (!scan.take('{')) return false;
  if (scan.take('}')) return true;
  do {
    scan.space();
    const std::size_t name = scan.at;
    if (!scan.string()) return false;
    const std::string_view quoted = text.substr(name + 1, scan.at - name - 2);
    if (!scan.take(':')) return false;
    scan.space();
    const std::size_t begin = scan.at;
    if (!scan.value()) return false;
    each(Member{quoted, begin, scan.at});
  } while (scan.take(','));
  return scan.take('}');
}

std::unexpected<Error> not_an_object() {
  return fail("invalid_change", "store: the body of a change is not a JSON object");
}

}  // namespace

class MetaFinder {
 public:
  static Result<MetaSpans> find(std::string_view body) {
    std::optional<Member> meta;
    std::size_t count = 0, leading = 0, leading_end = 0;
    Scanner scan(body);
    scan.space();
    const std::size_t open = scan.at;
    const bool object = members(scan, body, [&](const Member& member) {
      const bool leads = count == leading && (names(member.name, "resourceType") || names(member.name, "id"));
      if (leads || count == 0) leading_end = member.end;
      if (leads) ++leading;
      ++count;
      if (!meta && names(member.name, "meta")) meta = member;
    });
    scan.space();
    if (!object || scan.at != body.size()) return not_an_object();

    MetaSpans spans;
    if (meta) {
      if (!in_meta(body, *meta, spans)) return not_an_object();
    } else if (count == 0) {
      spans.edits_.push_back({open + 1, open + 1, Put::whole_meta, false, false});
    } else {
      spans.edits_.push_back({leading_end, leading_end, Put::whole_meta, true, false});
    }
    return spans;
  }

 private:
  using Put = MetaSpans::Put;

  static bool in_meta(std::string_view body, const Member& meta, MetaSpans& spans) {
    if (body[meta.begin] != '{') {  // null, or what validation would have refused
      spans.edits_.push_back({meta.begin, meta.end, Put::meta_value, false, false});
      return true;
    }
    std::optional<Member> version, updated;
    std::size_t count = 0;
    Scanner scan(body);
    scan.at = meta.begin;
    const bool object = members(scan, body, [&](const Member& member) {
      ++count;
      if (!version && names(member.name, "versionId")) version = member;
      if (!updated && names(member.name, "lastUpdated")) updated = member;
    });
    if (!object) return false;
    const std::size_t inside = meta.begin + 1;
    const bool comma = count > 0;
    auto& edits = spans.edits_;
    if (!version && !updated) edits.push_back({inside, inside, Put::both_members, false, comma});
    if (!version && updated) edits.push_back({inside, inside, Put::version_member, false, comma});
    if (version && !updated) edits.push_back({inside, inside, Put::updated_member, false, comma});
    if (version) edits.push_back({version->begin, version->end, Put::version, false, false});
    if (updated) edits.push_back({updated->begin, updated->end, Put::updated, false, false});
    std::ranges::sort(edits, {}, &MetaSpans::Edit::begin);
    return true;
  }
};

Result<MetaSpans> MetaSpans::find(std::string_view body) { return MetaFinder::find(body); }

Buffer MetaSpans::apply(std::string_view body, std::uint64_t version, WallTime updated) const {
  const std::string number = fmt::format("\"{}\"", version);
  const std::string time = fmt::format("\"{}\"", rfc3339(updated));
  Buffer out;
  out.reserve(body.size() + 96);
  std::size_t kept = 0;
  for (const Edit& edit : edits_) {
    out.append(body.substr(kept, edit.begin - kept));
    kept = edit.end;
    if (edit.comma_before) out.push_back(',');
    if (edit.put == Put::whole_meta) out.append("\"meta\":");
    if (edit.put == Put::whole_meta || edit.put == Put::meta_value) out.push_back('{');
    const bool both = edit.put == Put::whole_meta || edit.put == Put::meta_value || edit.put == Put::both_members;
    if (both || edit.put == Put::version_member) out.append("\"versionId\":");
    if (both || edit.put == Put::version_member || edit.put == Put::version) out.append(number);
    if (both) out.push_back(',');
    if (both || edit.put == Put::updated_member) out.append("\"lastUpdated\":");
    if (both || edit.put == Put::updated_member || edit.put == Put::updated) out.append(time);
    if (edit.put == Put::whole_meta || edit.put == Put::meta_value) out.push_back('}');
    if (edit.comma_after) out.push_back(',');
  }
  out.append(body.substr(kept));
  return out;
}

}  // namespace ward::store
