#include "address.hpp"

#include "base/encoding.hpp"

namespace ward::pages {
namespace {

/// In lower case and without the colon; empty if there is none.
std::string scheme_of(std::string_view address) {
  const auto end = address.find(':');
  const std::string scheme = end == address.npos ? std::string() : ascii_lower(address.substr(0, end));
  const bool plain = scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == scheme.npos;
  return plain ? scheme : std::string();
}

}  // namespace

bool is_path(std::string_view address) {
  if (!address.starts_with('/') || address.starts_with("//")) return false;
  // Browsers read a backslash as a slash, and drop tabs and line ends.
  return address.find_first_of("\\\t\r\n") == address.npos;
}

bool has_allowed_scheme(std::string_view address) {
  const std::string scheme = scheme_of(address);
  return scheme == "https" || scheme == "http" || scheme.contains('.');
}

std::string origin(std::string_view address) {
  if (!has_allowed_scheme(address)) return {};
  const std::string scheme = scheme_of(address);
  if (scheme.contains('.')) return scheme + ":";
  std::string_view host = address.substr(scheme.size() + 1);
  if (!host.starts_with("//")) return {};
  host = host.substr(2, host.find_first_of("/?#", 2) - 2);
  const std::string lower = ascii_lower(host);
  if (lower.empty() || lower.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:[]") != lower.npos) return {};
  return scheme + "://" + lower;
}

}  // namespace ward::pages
