// json::Document::parse on any bytes; what it takes, simdjson must take too.
#include "json/json.hpp"

#include <simdjson.h>

namespace {

using ward::json::Document;
using ward::json::Value;

std::size_t walk(Value value) {
  std::string scratch;
  std::size_t seen = value.raw().size() + value.name().size() + value.text(scratch).size();
  for (Value child = value.first(); child; child = child.next()) seen += walk(child);
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto document = Document::parse(source);
  if (!document) return 0;
  walk(document->root());
  simdjson::dom::parser parser;
  const auto error = parser.parse(source.data(), source.size()).error();
  // simdjson has no exact numbers: one beyond double's or 64 bits' range is the only disagreement allowed.
  if (error != simdjson::SUCCESS && error != simdjson::NUMBER_ERROR && error != simdjson::BIGINT_ERROR) __builtin_trap();
  return 0;
}
