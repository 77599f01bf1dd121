#include "decode.hpp"
#include "json.hpp"
#include "scan.hpp"

#include <simdjson.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstring>

namespace ward::json {

namespace {

/// Objects up to here compare each name with each; larger ones sort, so that chosen names cannot cost n squared.
constexpr std::uint32_t small_object_members = 16;

struct Name {
  std::string_view text;
  std::uint32_t node;
  std::uint64_t hash = 0;
};

/// Only to sort by something cheaper than text. Names made to collide are sorted by text, so that they cost no more.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = text.size();
  while (!text.empty()) {
    std::uint64_t part = 0;
    const std::size_t size = std::min<std::size_t>(text.size(), 8);
    std::memcpy(&part, text.data(), size);
    hash = (hash ^ part) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
    text.remove_prefix(size);
  }
  return hash;
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

/// One pass over the source with an explicit stack of the containers that are open.
class Parser {
 public:
  Parser(std::string_view source, const Limits& limits)
      : begin_(source.data()), at_(source.data()), end_(at_ + source.size()), limits_(limits) {
    document_.source_ = source;
  }

  Result<Document> run() {
    if (document_.source_.size() >= UINT32_MAX) return fail("json_too_large", "JSON of 4 GiB or more");
    if (!simdjson::validate_utf8(document_.source_.data(), document_.source_.size())) malformed_utf8();
    document_.nodes_.reserve(std::min<std::size_t>(document_.source_.size() / 16 + 8, 1 << 16));
    if (refused() || !parse_root()) return fail(code_, message());
    return std::move(document_);
  }

 private:
  struct Open {
    std::uint32_t node;
    std::uint32_t last_child;
    bool is_object;
  };

  bool parse_root() {
    if (!parse_value()) return false;
    while (!stack_.empty()) {
      if (!parse_next_in(stack_.back())) return false;
    }
    skip_space();
    return at_ == end_ || malformed("nothing may follow the value");
  }

  /// After a child of an open container: a comma and another child, or the end of the container.
  bool parse_next_in(const Open& open) {
    skip_space();
    if (at_ == end_) return malformed(open.is_object ? "the object is not closed" : "the array is not closed");
    const bool first = node(open.node).count == 0;
    if (*at_ == (open.is_object ? '}' : ']')) return close(open);
    if (!first) {
      if (*at_ != ',') return malformed(open.is_object ? "expected , or }" : "expected , or ]");
      ++at_;
    }
    return open.is_object ? parse_member() : parse_value();
  }

  bool parse_member() {
    skip_space();
    if (at_ == end_ || *at_ != '"') return malformed("expected a member name in double quotes");
    const char* const quote = at_;
    bool escaped = false;
    if (!skip_string(escaped)) return false;
    const char* const name_end = at_ - 1;
    skip_space();
    if (at_ == end_ || *at_ != ':') return malformed("expected : after the member name");
    ++at_;
    name_begin_ = offset(quote);
    name_ = static_cast<std::uint32_t>(name_end - quote - 1);
    name_decoded_ = escaped;
    if (escaped) {
      std::string decoded;
      append_decoded(decoded, {quote + 1, name_});
      name_ = static_cast<std::uint32_t>(document_.decoded_names_.size());
      document_.decoded_names_.push_back(std::move(decoded));
    }
    return parse_value();
  }

  bool parse_value() {
    skip_space();
    if (at_ == end_) return malformed("expected a value");
    Node& own = add_node();
    if (refused()) return false;
    switch (*at_) {
      case '{':
        return open(own, Type::object);
      case '[':
        return open(own, Type::array);
      case '"':
        own.type = Type::string;
        return skip_string(own.escaped) && finish(own);
      case 't':
        own.type = Type::boolean;
        return skip_word("true") && finish(own);
      case 'f':
        own.type = Type::boolean;
        return skip_word("false") && finish(own);
      case 'n':
        own.type = Type::null;
        return skip_word("null") && finish(own);
      default:
        own.type = Type::number;
        return skip_number() && finish(own);
    }
  }

  /// Appends a node and links it to its parent and its elder sibling.
  Node& add_node() {
    const auto index = static_cast<std::uint32_t>(document_.nodes_.size());
    if (index > limits_.members_max) refuse("json_too_large", "more members and elements than allowed");
    Node& own = document_.nodes_.emplace_back();
    own.begin = offset(at_);
    if (stack_.empty()) return own;
    Open& parent = stack_.back();
    if (parent.is_object) {
      own.name_begin = name_begin_;
      own.name = name_;
      own.name_decoded = name_decoded_;
    }
    if (node(parent.node).count++ != 0) node(parent.last_child).next = index;
    parent.last_child = index;
    return own;
  }

  bool open(Node& own, Type type) {
    own.type = type;
    if (stack_.size() >= limits_.depth_max) return refuse("json_too_deep", "deeper nesting than allowed");
    const auto index = static_cast<std::uint32_t>(document_.nodes_.size() - 1);
    stack_.push_back({index, index, type == Type::object});
    ++at_;
    return true;
  }

  bool close(const Open& open) {
    ++at_;
    Node& own = node(open.node);
    own.end = offset(at_);
    if (open.is_object && !names_differ(open.node)) return false;
    stack_.pop_back();
    return true;
  }

  bool finish(Node& own) {
    own.end = offset(at_);
    return true;
  }

  bool skip_word(std::string_view word) {
    if (!std::string_view(at_, end_).starts_with(word)) return malformed("not a JSON value");
    at_ += word.size();
    return true;
  }

  bool skip_digits() {
    if (at_ == end_ || !is_digit(*at_)) return malformed("not a JSON number or value");
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return true;
  }

  bool skip_number() {
    if (*at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0')
      ++at_;
    else if (!skip_digits())
      return false;
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!skip_digits()) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!skip_digits()) return false;
    }
    return true;
  }

  bool skip_string(bool& escaped) {
    ++at_;
    for (;;) {
      at_ = skip_plain(at_, end_);
      if (at_ == end_) return malformed("the string is not closed");
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (*at_ != '\\') return malformed("control characters in a string must be escaped");
      escaped = true;
      if (!skip_escape()) return false;
    }
  }

  bool skip_escape() {
    if (end_ - at_ < 2) return malformed("the string is not closed");
    if (at_[1] == 'u') return skip_unicode_escape();
    if (!std::string_view("\"\\/bfnrt").contains(at_[1])) return malformed("not a JSON escape");
    at_ += 2;
    return true;
  }

  bool skip_unicode_escape() {
    const int unit = end_ - at_ < 6 ? -1 : hex4(at_ + 2);
    if (unit < 0) return malformed("\\u needs four hexadecimal digits");
    if (is_low_surrogate(unit)) return malformed("a low surrogate without its high one");
    if (!is_high_surrogate(unit)) {
      at_ += 6;
      return true;
    }
    const bool pair = end_ - at_ >= 12 && at_[6] == '\\' && at_[7] == 'u' && is_low_surrogate(hex4(at_ + 8));
    if (!pair) return malformed("a high surrogate without its low one");
    at_ += 12;
    return true;
  }

  void skip_space() {
    while (at_ != end_ && is_space(*at_)) ++at_;
  }

  std::string_view name_of(std::uint32_t index) const {
    const Node& own = document_.nodes_[index];
    if (own.name_decoded) return document_.decoded_names_[own.name];
    return {begin_ + own.name_begin + 1, own.name};
  }

  bool names_differ(std::uint32_t object) {
    if (node(object).count < 2) return true;
    names_.clear();
    for (std::uint32_t child = object + 1; child != 0; child = node(child).next) {
      names_.push_back({name_of(child), child});
    }
    if (names_.size() <= small_object_members) {
      for (std::size_t later = 1; later < names_.size(); ++later) {
        for (std::size_t earlier = 0; earlier < later; ++earlier) {
          if (names_[later].text == names_[earlier].text) return duplicate(names_[later].node);
        }
      }
      return true;
    }
    for (Name& name : names_) name.hash = hash_of(name.text);
    std::ranges::sort(names_, [](const Name& a, const Name& b) {
      if (a.hash != b.hash) return a.hash < b.hash;
      return a.text == b.text ? a.node < b.node : a.text < b.text;
    });
    const auto same = std::ranges::adjacent_find(names_, {}, &Name::text);
    return same == names_.end() || duplicate(std::next(same)->node);
  }

  bool duplicate(std::uint32_t index) {
    at_ = begin_ + node(index).name_begin;
    return malformed("the object has two members of this name");
  }

  /// simdjson says only whether; where is worth a second, slower look.
  bool malformed_utf8() {
    std::size_t good = 0, bad = document_.source_.size();
    while (bad - good > 4) {  // prefixes that end inside a character fail too, hence the margin of four bytes
      const std::size_t middle = good + (bad - good) / 2;
      std::size_t cut = middle;
      while (cut > good && (static_cast<unsigned char>(begin_[cut]) & 0xC0) == 0x80) --cut;
      if (cut > good && simdjson::validate_utf8(begin_, cut))
        good = cut;
      else if (cut > good)
        bad = cut;
      else
        break;
    }
    at_ = begin_ + good;
    return malformed("not UTF-8 from here");
  }

  bool refused() const { return *code_ != '\0'; }
  bool malformed(const char* why) { return refuse("json_malformed", why); }
  bool refuse(const char* code, const char* why) {
    if (!refused()) {
      code_ = code;
      why_ = why;
    }
    return false;
  }

  std::string message() const {
    const auto [line, column] = document_.position(static_cast<std::size_t>(at_ - begin_));
    return fmt::format("line {}, column {}: {}", line, column, why_);
  }

  Node& node(std::uint32_t index) { return document_.nodes_[index]; }
  std::uint32_t offset(const char* at) const { return static_cast<std::uint32_t>(at - begin_); }

  Document document_;
  const char* begin_;
  const char* at_;
  const char* end_;
  Limits limits_;
  std::vector<Open> stack_;
  std::vector<Name> names_;
  std::uint32_t name_begin_ = 0;
  std::uint32_t name_ = 0;
  bool name_decoded_ = false;
  const char* code_ = "";
  const char* why_ = "";
};

Result<Document> Document::parse(std::string_view source, const Limits& limits) { return Parser(source, limits).run(); }

}  // namespace ward::json
