#include "totp.hpp"

#include <array>

namespace ward::factors {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

int symbol_value(char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= '2' && c <= '7') return c - '2' + 26;
  return -1;
}

// The symbols alone; empty if the padding is neither absent nor right.
std::optional<std::string> symbols_of(std::string_view text) {
  std::string symbols;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    if (padding > 0) return std::nullopt;
    symbols.push_back(c);
  }
  if (padding > 0 && (padding > 6 || (symbols.size() + padding) % 8 != 0)) return std::nullopt;
  return symbols;
}

}  // namespace

std::string base32_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 8 + 4) / 5);
  unsigned buffer = 0, bits = 0;
  for (const char byte : bytes) {
    buffer = (buffer << 8 | static_cast<unsigned char>(byte)) & 0xFFFF;
    for (bits += 8; bits >= 5; bits -= 5) out.push_back(alphabet[buffer >> (bits - 5) & 31]);
  }
  if (bits > 0) out.push_back(alphabet[buffer << (5 - bits) & 31]);
  return out;
}

std::optional<std::string> base32_decode(std::string_view text) {
  const auto symbols = symbols_of(text);
  if (!symbols) return std::nullopt;
  constexpr std::array<bool, 8> length_possible{true, false, true, false, true, true, false, true};
  if (!length_possible[symbols->size() % 8]) return std::nullopt;
  std::string out;
  out.reserve(symbols->size() * 5 / 8);
  unsigned buffer = 0, bits = 0;
  for (const char c : *symbols) {
    const int value = symbol_value(c);
    if (value < 0) return std::nullopt;
    buffer = (buffer << 5 | static_cast<unsigned>(value)) & 0xFFFF;
    if ((bits += 5) < 8) continue;
    bits -= 8;
    out.push_back(static_cast<char>(buffer >> bits & 0xFF));
  }
  if ((buffer & ((1u << bits) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace ward::factors
