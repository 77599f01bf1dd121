#include "decode.hpp"
#include "json.hpp"
#include "scan.hpp"

#include <algorithm>

namespace ward::json {

namespace {

void append_utf8(std::string& out, unsigned point) {
  if (point < 0x80) {
    out += static_cast<char>(point);
    return;
  }
  if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
  } else {
    if (point < 0x10000) {
      out += static_cast<char>(0xE0 | (point >> 12));
    } else {
      out += static_cast<char>(0xF0 | (point >> 18));
      out += static_cast<char>(0x80 | ((point >> 12) & 0x3F));
    }
    out += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
  }
  out += static_cast<char>(0x80 | (point & 0x3F));
}

char simple_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;  // quote, backslash, slash
  }
}

}  // namespace

void append_decoded(std::string& out, std::string_view escaped) {
  const char* at = escaped.data();
  const char* const end = at + escaped.size();
  while (at != end) {
    const char* const stop = skip_plain(at, end);
    out.append(at, stop);
    at = stop;
    if (at == end) return;
    const char letter = at[1];
    if (letter != 'u') {
      out += simple_escape(letter);
      at += 2;
      continue;
    }
    unsigned point = static_cast<unsigned>(hex4(at + 2));
    at += 6;
    if (is_high_surrogate(static_cast<int>(point))) {
      point = 0x10000 + ((point - 0xD800) << 10) + (static_cast<unsigned>(hex4(at + 2)) - 0xDC00);
      at += 6;
    }
    append_utf8(out, point);
  }
}

std::string_view Value::text(std::string& scratch) const {
  if (!is_string()) return {};
  const std::string_view inside = document_->source_.substr(begin() + 1, end() - begin() - 2);
  if (!has_escape()) return inside;
  scratch.clear();
  append_decoded(scratch, inside);
  return scratch;
}

std::string Value::text() const {
  std::string scratch;
  return std::string(text(scratch));
}

Value Value::operator[](std::string_view name) const {
  if (!is_object()) return {};
  for (Value member = first(); member; member = member.next()) {
    if (member.name() == name) return member;
  }
  return {};
}

std::string Value::string(std::string_view name) const { return (*this)[name].text(); }

Document::Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Document::Position Document::position(std::size_t offset) const {
  const std::string_view before = source_.substr(0, std::min(offset, source_.size()));
  const auto line = 1 + static_cast<unsigned>(std::ranges::count(before, '\n'));
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {line, static_cast<unsigned>(before.size() - line_begin) + 1};
}

}  // namespace ward::json
