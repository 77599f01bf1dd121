// One strict reading of JSON: a flat tree of nodes with spans into the source (RFC 8259; I-JSON where it is stricter).
//
// Refused: invalid UTF-8, unpaired surrogate escapes, control characters in strings (tab, CR and LF escapes are fine),
// duplicate member names, numbers that are not JSON's, more than `depth_max` levels or `members_max` members, anything
// behind the value. Numbers keep their exact text. Nothing is copied; the source must outlive the document.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ward::json {

enum class Type : std::uint8_t { null, boolean, number, string, array, object };

struct Limits {
  unsigned depth_max = 64;
  unsigned members_max = 100'000;  // object members and array elements together
};

class Document;
class Parser;

/// A value inside a Document. Cheap to copy; lives no longer than the document, and not across a move of it.
class Value {
 public:
  Value() = default;
  explicit operator bool() const { return document_ != nullptr; }
  Type type() const;
  bool is_object() const { return *this && type() == Type::object; }
  bool is_array() const { return *this && type() == Type::array; }
  bool is_string() const { return *this && type() == Type::string; }

  /// Source bytes of the value, quotes and braces included; of a number, its exact text.
  std::string_view raw() const;
  std::size_t begin() const;  // offset in the source
  std::size_t end() const;
  /// True if a string's text differs from the bytes between its quotes.
  bool has_escape() const;
  /// Text of a string. Points into the source where it has no escape, else into `scratch`. "" if not a string.
  std::string_view text(std::string& scratch) const;
  std::string text() const;
  bool boolean() const;  // of a boolean

  /// Member of an object by name; empty if absent or not an object. `member["a"]["b"]` may be chained through absence.
  Value operator[](std::string_view name) const;
  /// Member as text, or "" (for short look-ups).
  std::string string(std::string_view name) const;

  std::size_t size() const;  // of an array or object
  /// First child and next sibling: for (Value v = array.first(); v; v = v.next()).
  Value first() const;
  Value next() const;
  /// Name of this value in its object, without quotes. One with escapes is given decoded; the document holds it.
  std::string_view name() const;
  std::size_t name_begin() const;  // offset of the member's opening quote

 private:
  friend class Document;
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  const struct Node& node() const;
  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

/// How a Document keeps a value; for Value's inline accessors only. Offsets are 32 bits: the source is below 4 GiB.
struct Node {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t next = 0;        // index of the next sibling; 0: none
  std::uint32_t name_begin = 0;  // offset of the name's opening quote
  std::uint32_t name = 0;        // length of the name, or with `name_decoded` its index
  std::uint32_t count = 0;       // children
  Type type = Type::null;
  bool escaped = false;
  bool name_decoded = false;
};

class Document {
 public:
  /// The error's message has line and column and no byte of the content. Codes: "json_malformed", "json_too_deep",
  /// "json_too_large".
  static Result<Document> parse(std::string_view source, const Limits& limits = {});
  Value root() const { return {this, 0}; }
  std::string_view source() const { return source_; }
  struct Position {
    unsigned line, column;
  };  // both from 1; column in bytes
  Position position(std::size_t offset) const;

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

 private:
  friend class Value;
  friend class Parser;
  Document();
  std::string_view source_;
  std::vector<Node> nodes_;
  std::vector<std::string> decoded_names_;
};

inline const Node& Value::node() const { return document_->nodes_[index_]; }
inline Type Value::type() const { return node().type; }
inline std::size_t Value::begin() const { return node().begin; }
inline std::size_t Value::end() const { return node().end; }
inline bool Value::has_escape() const { return node().escaped; }
inline std::size_t Value::size() const { return *this ? node().count : 0; }
inline std::string_view Value::raw() const {
  return document_->source_.substr(node().begin, node().end - node().begin);
}
inline bool Value::boolean() const { return type() == Type::boolean && raw() == "true"; }
inline Value Value::first() const { return size() == 0 ? Value() : Value(document_, index_ + 1); }
inline Value Value::next() const { return node().next == 0 ? Value() : Value(document_, node().next); }
inline std::size_t Value::name_begin() const { return node().name_begin; }
inline std::string_view Value::name() const {
  const Node& own = node();
  if (own.name_decoded) return document_->decoded_names_[own.name];
  return own.name_begin == 0 ? std::string_view() : document_->source_.substr(own.name_begin + 1, own.name);
}

}  // namespace ward::json
