// Where an answer may be sent back to (RFC 9700 section 4.1, RFC 8252 section 7).
#include "records.hpp"

#include <algorithm>

namespace ward::identity {
namespace {

constexpr std::size_t bytes_max = 1024;
constexpr std::string_view loopback[] = {"http://127.0.0.1", "http://[::1]"};

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\"<>\\^`{|}#").find(c) == std::string_view::npos;
  });
}

bool has_dot_segment(std::string_view uri) {
  const std::string_view path = uri.substr(0, uri.find('?'));
  return path.find("/../") != path.npos || path.find("/./") != path.npos || path.ends_with("/..") ||
         path.ends_with("/.") || path.find("%2e") != path.npos || path.find("%2E") != path.npos;
}

std::string_view authority_of(std::string_view uri) {
  const auto begin = uri.find("://");
  if (begin == uri.npos) return {};
  const std::string_view rest = uri.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

/// The loopback prefix of a URI, if it has one; what follows begins with ':', '/', '?' or nothing.
std::string_view loopback_of(std::string_view uri) {
  for (const std::string_view one : loopback) {
    if (!uri.starts_with(one)) continue;
    const std::string_view rest = uri.substr(one.size());
    if (rest.empty() || rest.front() == ':' || rest.front() == '/' || rest.front() == '?') return one;
  }
  return {};
}

/// What follows host and port, if the port is a port.
std::optional<std::string_view> behind_port(std::string_view rest) {
  if (!rest.starts_with(':')) return rest;
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view port = rest.substr(1, end - 1);
  const bool digits =
      !port.empty() && port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::optional(rest.substr(end)) : std::nullopt;
}

bool is_private_scheme(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == uri.npos || uri.substr(0, colon).find('.') == std::string_view::npos) return false;
  return std::ranges::all_of(uri.substr(0, colon), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+';
  });
}

}  // namespace

bool is_redirect_uri(std::string_view uri) {
  if (uri.empty() || uri.size() > bytes_max || !is_plain(uri) || has_dot_segment(uri)) return false;
  const std::string_view authority = authority_of(uri);
  if (authority.find('@') != authority.npos) return false;
  if (uri.starts_with("https://")) return !authority.empty();
  if (const std::string_view prefix = loopback_of(uri); !prefix.empty())
    return behind_port(uri.substr(prefix.size())).has_value();
  return is_private_scheme(uri);
}

bool same_redirect_uri(std::string_view registered, std::string_view asked) {
  if (registered == asked) return true;
  const std::string_view ours = loopback_of(registered), theirs = loopback_of(asked);
  if (ours.empty() || ours != theirs) return false;
  const auto a = behind_port(registered.substr(ours.size())), b = behind_port(asked.substr(theirs.size()));
  return a && b && *a == *b;
}

}  // namespace ward::identity
