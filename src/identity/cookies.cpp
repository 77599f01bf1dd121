#include "cookies.hpp"

#include <algorithm>

namespace ward::identity {
namespace {

constexpr std::size_t header_bytes_max = 8 * 1024;
constexpr std::size_t value_bytes = 43;  // base64url of 32 bytes

bool is_ours(std::string_view value) {
  return value.size() == value_bytes && std::ranges::all_of(value, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

}  // namespace

std::optional<std::string> find_cookie(std::string_view header, std::string_view name) {
  if (header.size() > header_bytes_max) return std::nullopt;
  std::optional<std::string> found;
  while (!header.empty()) {
    const auto end = header.find(';');
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(end == header.npos ? header.size() : end + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const auto equals = pair.find('=');
    if (equals == pair.npos || pair.substr(0, equals) != name) continue;
    if (found || !is_ours(pair.substr(equals + 1))) return std::nullopt;
    found = std::string(pair.substr(equals + 1));
  }
  return found;
}

std::string set_cookie(std::string_view name, std::string_view value, long lifetime_seconds) {
  std::string text = std::string(name) + "=" + std::string(value) + "; Path=/; Secure; HttpOnly; SameSite=Lax";
  if (lifetime_seconds != 0) text += "; Max-Age=" + std::to_string(std::max(0L, lifetime_seconds));
  return text;
}

}  // namespace ward::identity
