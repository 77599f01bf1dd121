#include "normal_uri.hpp"

#include "base/encoding.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace ward::identity {
namespace {

constexpr std::pair<std::string_view, std::string_view> default_ports[] = {{"https", "443"}, {"http", "80"}};

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_unreserved(char c) {
  return is_letter_or_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos;
}

// RFC 3986 appendix A: what may stand in a path as it is.
bool is_path_character(char c) {
  return is_unreserved(c) || std::string_view("!$&'()*+,;=:@/").find(c) != std::string_view::npos;
}

bool is_scheme(std::string_view scheme) {
  return !scheme.empty() && !(scheme[0] >= '0' && scheme[0] <= '9') && std::ranges::all_of(scheme, is_letter_or_digit);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Where the host ends: an address in brackets, or a name without colons. 0: it is no host.
std::size_t host_end(std::string_view authority) {
  if (!authority.starts_with('[')) {
    const std::size_t end = std::min(authority.find(':'), authority.size());
    return std::ranges::all_of(authority.substr(0, end), is_unreserved) ? end : 0;
  }
  const std::size_t close = authority.find(']');
  if (close == authority.npos || close == 1) return 0;
  const bool clean = std::ranges::all_of(authority.substr(1, close - 1),
                                         [](char c) { return is_letter_or_digit(c) || c == ':' || c == '.'; });
  return clean ? close + 1 : 0;
}

// Section 3.2. No '@', as user information is refused, and no '%'.
std::optional<std::string> normal_authority(std::string_view scheme, std::string_view authority) {
  std::string host = ascii_lower(authority);
  const std::size_t end = host_end(host);
  if (end == 0) return std::nullopt;
  const std::string_view behind = std::string_view(host).substr(end);
  if (behind.empty()) return host;
  const std::string_view port = behind.substr(1);
  if (behind.front() != ':' || !std::ranges::all_of(port, is_digit)) return std::nullopt;
  const bool usual = std::ranges::any_of(
      default_ports, [&](const auto& known) { return known.first == scheme && known.second == port; });
  if (usual || port.empty()) host.resize(end);
  return host;
}

// Section 6.2.2.1 and 6.2.2.2.
std::optional<std::string> normal_encoding(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] != '%') {
      if (!is_path_character(path[at])) return std::nullopt;
      out += path[at];
      continue;
    }
    const auto byte = hex_decode(ascii_lower(path.substr(at + 1, 2)));
    if (!byte || byte->size() != 1) return std::nullopt;
    if (is_unreserved(byte->front())) {
      out += byte->front();
    } else {
      constexpr std::string_view digits = "0123456789ABCDEF";
      const auto value = static_cast<unsigned char>(byte->front());
      (out += '%') += digits[value >> 4];
      out += digits[value & 15];
    }
    at += 2;
  }
  return out;
}

// Section 5.2.4, for a path that begins with a slash.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_open = false;  // the last segment was a dot segment: what stays is a folder
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    ends_open = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!ends_open) kept.push_back(segment);
  }
  std::string out;
  for (const std::string_view segment : kept) (out += '/') += segment;
  return ends_open || out.empty() ? out + '/' : out;
}

}  // namespace

std::optional<std::string> normal_uri(std::string_view uri) {
  const auto mark = uri.find("://");
  if (mark == uri.npos || !is_scheme(uri.substr(0, mark))) return std::nullopt;
  const std::string scheme = ascii_lower(uri.substr(0, mark));
  uri.remove_prefix(mark + 3);
  uri = uri.substr(0, uri.find_first_of("?#"));
  const std::string_view authority_text = uri.substr(0, uri.find('/'));
  const auto authority = normal_authority(scheme, authority_text);
  const auto path = normal_encoding(uri.substr(authority_text.size()));
  if (!authority || !path) return std::nullopt;
  return scheme + "://" + *authority + without_dot_segments(*path);
}

}  // namespace ward::identity
