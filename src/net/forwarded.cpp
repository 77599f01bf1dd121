#include "forwarded.hpp"

#include "base/encoding.hpp"

#include <boost/asio/ip/address_v6.hpp>

#include <charconv>

namespace ward::net {
namespace {

namespace ip = boost::asio::ip;

ip::address_v6 widened(const ip::address& address) {
  return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6();
}

ip::address narrowed(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// An address with or without port, quotes and brackets.
std::optional<ip::address> read_node(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    text = text.substr(1, end - 1);
  } else if (const std::size_t colon = text.find(':'); colon != text.npos && text.find(':', colon + 1) == text.npos) {
    text = text.substr(0, colon);
  }
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text), error);
  if (error) return std::nullopt;
  return narrowed(address);
}

std::optional<ip::address> read_forwarded_element(std::string_view element) {
  while (!element.empty()) {
    const std::size_t end = std::min(element.find(';'), element.size());
    const std::string_view pair = trimmed(element.substr(0, end));
    if (pair.size() > 4 && equal_ignoring_case(pair.substr(0, 4), "for=")) return read_node(pair.substr(4));
    element.remove_prefix(std::min(end + 1, element.size()));
  }
  return std::nullopt;
}

}  // namespace

Result<Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(text.substr(0, slash)), error);
  const unsigned widest = address.is_v4() ? 32 : 128;
  unsigned bits = widest;
  if (!error && slash != text.npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (failed != std::errc{} || end != digits.data() + digits.size()) bits = 999;
  }
  if (error || bits > widest)
    return fail("config_prefix", fmt::format("\"{}\" is not an address or prefix such as 10.0.0.0/8", text));
  return Prefix{widened(address), address.is_v4() ? bits + 96 : bits};
}

bool is_within(const std::vector<Prefix>& prefixes, const ip::address& address) {
  const auto bytes = widened(address).to_bytes();
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const Prefix& prefix) {
    const auto wanted = prefix.first.to_bytes();
    for (unsigned bit = 0; bit < prefix.second; bit += 8) {
      const unsigned left = std::min(8u, prefix.second - bit);
      const auto mask = static_cast<unsigned char>(0xFF00u >> left);
      if (((bytes[bit / 8] ^ wanted[bit / 8]) & mask) != 0) return false;
    }
    return true;
  });
}

ip::address client_address(const RequestHead& head, const ip::address& last_hop, const std::vector<Prefix>& trusted) {
  ip::address client = narrowed(last_hop);
  if (trusted.empty() || !is_within(trusted, client)) return client;
  const bool standard = head.count("forwarded") > 0;
  const std::string_view name = standard ? "forwarded" : "x-forwarded-for";
  for (auto field = head.headers.rbegin(); field != head.headers.rend(); ++field) {
    if (field->name != name) continue;
    for (std::string_view rest = field->value; !rest.empty();) {
      const std::size_t comma = rest.rfind(',');
      const std::string_view element = comma == rest.npos ? rest : rest.substr(comma + 1);
      rest = comma == rest.npos ? std::string_view{} : rest.substr(0, comma);
      const std::optional<ip::address> hop = standard ? read_forwarded_element(element) : read_node(element);
      if (!hop) return client;
      client = *hop;
      if (!is_within(trusted, client)) return client;
    }
  }
  return client;
}

}  // namespace ward::net
