#include "target.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <array>

namespace ward::net {
namespace {

constexpr auto token_table = [] {  // RFC 9110 section 5.6.2
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = table[static_cast<std::size_t>(c - 32)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();

bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
           c == '_';
  });
}

bool is_literal(std::string_view host) {
  return host.size() >= 4 && host.size() <= 47 && host.front() == '[' && host.back() == ']' &&
         std::all_of(host.begin() + 1, host.end() - 1, [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
         });
}

}  // namespace

std::optional<Target> read_target(std::string_view text) {
  const bool clean =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F && c != '#'; });
  if (!clean || text.empty()) return std::nullopt;
  Target target;
  if (text.front() != '/') {
    const std::size_t scheme = text.find("://");
    if (scheme == text.npos) return std::nullopt;
    const std::string_view name = text.substr(0, scheme);
    if (!equal_ignoring_case(name, "https") && !equal_ignoring_case(name, "http")) return std::nullopt;
    text.remove_prefix(scheme + 3);
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    text.remove_prefix(end);
    if (!is_authority(target.authority)) return std::nullopt;
    if (text.empty()) text = "/";
    if (text.front() != '/') return std::nullopt;
  }
  const std::size_t mark = text.find('?');
  target.path = text.substr(0, mark);
  target.has_query = mark != text.npos;
  if (target.has_query) target.query = text.substr(mark + 1);
  return target;
}

std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, std::min(authority.find(']'), authority.size() - 1) + 1);
  return authority.substr(0, authority.find(':'));
}

bool is_authority(std::string_view text) {
  if (text.empty()) return false;
  const std::string_view host = host_of(text);
  if (!is_name(host) && !is_literal(host)) return false;
  std::string_view port = text.substr(host.size());
  if (port.empty()) return true;
  if (port.front() != ':' || port.size() < 2 || port.size() > 6) return false;
  port.remove_prefix(1);
  std::uint32_t number = 0;
  for (const char c : port) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return number <= 65'535;
}

void lower_in_place(char* text, std::size_t size) {
  for (char* c = text; c != text + size; ++c) {
    if (*c >= 'A' && *c <= 'Z') *c = static_cast<char>(*c + 32);
  }
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return token_table[c]; });
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return (c >= 0x20 && c != 0x7F) || c == '\t'; });
}

}  // namespace ward::net
