#include "path/lexer.hpp"

#include "path/decimal.hpp"
#include "path/temporal.hpp"

#include "base/encoding.hpp"

namespace ward::fhir::path {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }

void append_utf8(std::string& out, unsigned point) {
  if (point < 0x80) {
    out.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (point >> 6)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xE0 | (point >> 12)));
    out.push_back(static_cast<char>(0x80 | ((point >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (point & 0x3F)));
  }
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    for (;;) {
      if (auto skipped = skip_blanks(); !skipped) return std::unexpected(skipped.error());
      Token token;
      token.offset = at_;
      if (at_ == text_.size()) {
        tokens.push_back(std::move(token));
        return tokens;
      }
      if (auto read = next(token); !read) return std::unexpected(read.error());
      tokens.push_back(std::move(token));
    }
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  std::unexpected<Error> wrong(std::string_view what) const {
    return fail("path_syntax", fmt::format("{} at offset {}", what, at_));
  }

  Result<void> skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at_;
      } else if (c == '/' && peek(1) == '/') {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (c == '/' && peek(1) == '*') {
        const auto close = text_.find("*/", at_ + 2);
        if (close == text_.npos) return wrong("comment without end");
        at_ = close + 2;
      } else {
        break;
      }
    }
    return {};
  }

  Result<void> next(Token& token) {
    const char c = peek();
    if (is_name_start(c)) {
      token.kind = Token::name;
      token.value = take_name();
      return {};
    }
    if (c == '`' || c == '"') {
      token.kind = Token::quoted_name;
      return quoted(c, token.value);
    }
    if (c == '\'') {
      token.kind = Token::text;
      return quoted(c, token.value);
    }
    if (is_digit(c)) return number(token);
    if (c == '@') return temporal(token);
    if (c == '$') return special(token);
    if (c == '%') return variable(token);
    return symbol(token);
  }

  std::string take_name() {
    const std::size_t start = at_;
    while (is_name(peek())) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  Result<void> quoted(char quote, std::string& out) {
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) return wrong("text without closing quote");
      const char c = text_[at_++];
      if (c == quote) break;
      if (c != '\\') {
        out.push_back(c);
        continue;
      }
      if (auto done = escape(out); !done) return done;
    }
    return is_utf8(out) ? Result<void>() : wrong("text that is not UTF-8");
  }

  Result<void> escape(std::string& out) {
    const char c = peek();
    ++at_;
    switch (c) {
      case 'f':
        out.push_back('\f');
        return {};
      case 'n':
        out.push_back('\n');
        return {};
      case 'r':
        out.push_back('\r');
        return {};
      case 't':
        out.push_back('\t');
        return {};
      case '\\':
      case '/':
      case '"':
      case '`':
      case '\'':
        out.push_back(c);
        return {};
      case 'u': {
        const auto first = hex4();
        if (!first) return wrong("bad \\u escape");
        append_utf8(out, *first);
        return {};
      }
      default:
        return wrong("unknown escape");
    }
  }

  std::optional<unsigned> hex4() {
    if (at_ + 4 > text_.size()) return std::nullopt;
    const auto bytes = hex_decode(text_.substr(at_, 4));
    if (!bytes) return std::nullopt;
    at_ += 4;
    return static_cast<unsigned char>((*bytes)[0]) * 256u + static_cast<unsigned char>((*bytes)[1]);
  }

  Result<void> number(Token& token) {
    const std::size_t start = at_;
    while (is_digit(peek())) ++at_;
    token.kind = Token::number;
    const bool decimal = peek() == '.' && is_digit(peek(1));
    if (decimal) {
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    const auto value = parse_decimal(text_.substr(start, at_ - start));
    if (!value) return wrong("number with too many digits");
    if (decimal) {
      token.literal = *value;
      return {};
    }
    const auto whole = to_integer(*value);
    if (!whole) return wrong("integer out of range");
    token.literal = *whole;
    return {};
  }

  Result<void> temporal(Token& token) {
    ++at_;
    const bool time = peek() == 'T';
    if (time) ++at_;
    const std::size_t start = at_;
    bool dated = !time, saw_t = false;
    while (at_ < text_.size()) {
      const char c = peek();
      const bool clock = time || saw_t;
      if (dated && !saw_t && c == 'T') {
        saw_t = true;
      } else if (!(is_digit(c) || (c == '-' && is_digit(peek(1))) ||
                   (clock && (c == ':' || (c == '.' && is_digit(peek(1))))) ||
                   (saw_t && (c == 'Z' || (c == '+' && is_digit(peek(1))))))) {
        break;
      }
      ++at_;
    }
    const auto kind = time ? Temporal::time : saw_t ? Temporal::date_time : Temporal::date;
    const auto value = parse_temporal(text_.substr(start, at_ - start), kind);
    if (!value || is_name(peek())) return wrong("bad date or time");
    token.kind = Token::temporal;
    token.literal = *value;
    return {};
  }

  Result<void> special(Token& token) {
    ++at_;
    token.kind = Token::special;
    token.value = take_name();
    if (token.value != "this" && token.value != "index" && token.value != "total") return wrong("unknown $ name");
    return {};
  }

  Result<void> variable(Token& token) {
    ++at_;
    token.kind = Token::variable;
    const char c = peek();
    if (c == '`' || c == '"' || c == '\'') return quoted(c, token.value);
    token.value = take_name();
    return token.value.empty() ? wrong("% without a name") : Result<void>();
  }

  Result<void> symbol(Token& token) {
    static constexpr std::string_view symbols[] = {"<=", ">=", "!=", "!~", "<", ">", "=", "~", "+", "-", "*",
                                                   "/",  "&",  "|",  ".",  ",", "(", ")", "[", "]", "{", "}"};
    for (const auto symbol : symbols) {
      if (!text_.substr(at_).starts_with(symbol)) continue;
      token.kind = Token::symbol;
      token.value = symbol;
      at_ += symbol.size();
      return {};
    }
    return wrong("unexpected character");
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

}  // namespace ward::fhir::path
