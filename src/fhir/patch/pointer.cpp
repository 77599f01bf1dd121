#include "patch/pointer.hpp"

#include <charconv>

namespace ward::fhir::patch {
namespace {

std::optional<std::string> unescape(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    const char next = ++i < token.size() ? token[i] : '\0';
    if (next != '0' && next != '1') return std::nullopt;
    out += next == '0' ? '~' : '/';
  }
  return out;
}

}  // namespace

std::optional<Pointer> parse_pointer(std::string_view text) {
  Pointer tokens;
  while (!text.empty()) {
    if (text.front() != '/') return std::nullopt;
    text.remove_prefix(1);
    const std::size_t size = std::min(text.find('/'), text.size());
    auto token = unescape(text.substr(0, size));
    if (!token) return std::nullopt;
    tokens.push_back(std::move(*token));
    text.remove_prefix(size);
  }
  return tokens;
}

std::optional<std::size_t> array_index(std::string_view token) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool whole = error == std::errc() && end == token.data() + token.size();
  if (!whole || (token.size() > 1 && token.front() == '0')) return std::nullopt;
  return index;
}

json::Value item(json::Value array, std::size_t index) {
  if (index >= array.size()) return {};
  json::Value found = array.first();
  while (index-- > 0) found = found.next();
  return found;
}

json::Value find(json::Value from, std::span<const std::string> tokens, std::size_t* passed) {
  for (const std::string& token : tokens) {
    if (passed != nullptr) *passed += from.size();
    if (from.is_array()) {
      const auto index = array_index(token);
      from = index ? item(from, *index) : json::Value();
    } else {
      from = from[token];
    }
    if (!from) break;
  }
  return from;
}

}  // namespace ward::fhir::patch
