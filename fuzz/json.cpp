// json::Document::parse on any bytes; what it takes, simdjson must take too.
#include "json/json.hpp"

#include <simdjson.h>

namespace {

using ward::json::Document;
using ward::json::Value;

/// Reads everything; false if there is a number that simdjson may refuse for its size.
bool walk(Value value) {
  if (value.type() == ward::json::Type::number)
    return value.raw().size() < 16 && value.raw().find_first_of("eE") == std::string_view::npos;
  std::string scratch;
  if (value.text(scratch).size() > value.raw().size()) __builtin_trap();
  bool small = true;
  for (Value child = value.first(); child; child = child.next()) {
    if (value.is_object() != (child.name_begin() != 0)) __builtin_trap();
    small = walk(child) && small;
  }
  return small;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto document = Document::parse(source);
  if (!document || !walk(document->root())) return 0;
  simdjson::dom::parser parser;
  if (parser.parse(source.data(), source.size()).error() != simdjson::SUCCESS) __builtin_trap();
  return 0;
}
