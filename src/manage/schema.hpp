// What a body may hold, as a table: bodies are checked by it, and the OpenAPI description is written from it.
#pragma once

#include "base/error.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::manage {

enum class Kind : std::uint8_t { text, word, time, texts, words, boolean, integer, object };

inline constexpr std::size_t list_max = 64;

struct Field {
  std::string_view name;
  Kind kind = Kind::text;
  std::string_view description;
  bool required = false;
  std::string_view more = {};    // of words: what may stand beside A-Z a-z 0-9; a '-' stands last
  std::size_t length_max = 512;  // bytes of a text or word, of each one of a list
  std::size_t length_min = 0;    // of a text; a word has at least one
  std::size_t items_max = list_max;
  std::int64_t integer_max = 0;  // from 0 on
  bool secret = false;           // goes in, or comes out once; never logged
  std::span<const std::string_view> choices = {};
};

struct Schema {
  std::string_view name;
  std::string_view description;
  std::span<const Field> fields;
  bool change = false;  // a merge patch (RFC 7396): nothing is required, and null takes away
};

/// One thing that is wrong with a body, for RFC 9457's `errors`.
struct FieldProblem {
  std::string pointer;  // RFC 6901, as a fragment: "#/roles/0"
  std::string detail;   // never a value
};

/// Reads a body strictly (duplicate and unknown members are errors) and checks it; all that is wrong comes at once.
std::expected<boost::json::object, std::vector<FieldProblem>> read_body(std::string_view text, const Schema& schema);

/// Whether a text is one or more of A-Z a-z 0-9 and `more`.
bool is_word(std::string_view text, std::string_view more, std::size_t length_max);

/// JSON Schema 2020-12, as OpenAPI 3.1 takes it.
boost::json::object json_schema(const Schema& schema);

}  // namespace ward::manage
