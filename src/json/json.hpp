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

/// A value inside a Document. Cheap to copy; lives no longer than the document.
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
  std::size_t begin() const;   // offset in the source
  std::size_t end() const;
  /// Text of a string. Points into the source where it has no escape, else into `scratch`.
  std::string_view text(std::string& scratch) const;
  std::string text() const;
  bool boolean() const;        // of a boolean

  /// Member of an object by name; empty if absent or not an object. `member["a"]["b"]` may be chained through absence.
  Value operator[](std::string_view name) const;
  /// Member as text, or "" (for short look-ups).
  std::string string(std::string_view name) const;

  std::size_t size() const;    // of an array or object
  /// First child and next sibling: for (Value v = array.first(); v; v = v.next()).
  Value first() const;
  Value next() const;
  /// Name of this value in its object, without quotes; FHIR names have no escapes, a name with one is given decoded in the document.
  std::string_view name() const;
  std::size_t name_begin() const;  // offset of the member's opening quote

 private:
  friend class Document;
  Value(const Document* document, std::uint32_t index) : document_(document), index_(index) {}
  const Document* document_ = nullptr;
  std::uint32_t index_ = 0;
};

class Document {
 public:
  /// The error's message has line and column and no byte of the content. Codes: "json_malformed", "json_too_deep", "json_too_large".
  static Result<Document> parse(std::string_view source, const Limits& limits = {});
  Value root() const;
  std::string_view source() const;
  struct Position { unsigned line, column; };  // both from 1; column in bytes
  Position position(std::size_t offset) const;

  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

 private:
  friend class Value;
  Document();
  struct Node;
  std::string_view source_;
  std::vector<Node> nodes_;
  std::vector<std::string> decoded_names_;
};

}  // namespace ward::json
