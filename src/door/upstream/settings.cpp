#include "door/upstream.hpp"

#include <boost/asio/ip/address.hpp>

namespace ward::door {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t addresses_max = 16;

struct Url {
  std::string origin, path;  // "https://ehr.example:8443", "/fhir"
};

std::optional<Url> split(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == text.npos || text.find_first_of("?#@ \t") != text.npos) return std::nullopt;
  const std::size_t slash = text.find('/', scheme + 3);
  Url url{std::string(text.substr(0, slash)), slash == text.npos ? "" : std::string(text.substr(slash))};
  while (url.path.ends_with('/')) url.path.pop_back();
  if (url.origin.size() <= scheme + 3 || url.path.find("/.") != std::string::npos ||
      url.path.find("//") != std::string::npos)
    return std::nullopt;
  return url;
}

bool is_loopback(std::string_view origin) {
  std::string host(origin.substr(origin.find("://") + 3));
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  return host == "localhost" || (!error && address.is_loopback());
}

void read_addresses(const config::Section& route, UpstreamSettings& settings) {
  const bool plain_on_loopback = route.choice("allow_plaintext", {"no", "loopback"}, "no") == "loopback";
  const std::vector<std::string> texts = route.texts("upstream");
  if (texts.empty() || texts.size() > addresses_max)
    route.problem("upstream",
                  fmt::format("give 1 to {} addresses, as in \"https://ehr.example:8443/fhir\"", addresses_max));
  for (const std::string& text : texts) {
    const std::optional<Url> url = split(text);
    if (!url || !(text.starts_with("https://") || text.starts_with("http://"))) {
      route.problem(
          "upstream",
          fmt::format("\"{}\" is no address: write https://host:port/path, without user, query or fragment", text));
      continue;
    }
    if (text.starts_with("http://") && !(plain_on_loopback && is_loopback(url->origin)))
      route.problem("upstream", fmt::format("\"{}\" is not encrypted; use https, or set allow_plaintext = \"loopback\" "
                                            "for an address on this machine",
                                            text));
    if (!settings.addresses.empty() && settings.path != url->path)
      route.problem(
          "upstream",
          fmt::format("all addresses are of one service and need the same path; \"{}\" has another than the first",
                      text));
    settings.path = url->path;
    settings.addresses.push_back(url->origin);
  }
}

/// A time-out that is never none: what waits for ever holds a place for ever.
std::chrono::milliseconds positive(const config::Section& section, std::string_view key,
                                   std::chrono::milliseconds otherwise) {
  const auto value = section.duration(key, otherwise);
  if (value >= 1ms && value <= 10min) return value;
  section.problem(key, "must be between \"1 ms\" and \"10 min\"");
  return otherwise;
}

void read_client(const config::Section& route, net::ClientOptions& client) {
  client.tls.ca = route.text("ca");
  client.tls.certificate = route.text("certificate");
  client.tls.key = route.text("key");
  client.tls.server_name = route.text("server_name");
  if (client.tls.certificate.empty() != client.tls.key.empty())
    route.problem(client.tls.key.empty() ? "certificate" : "key",
                  "a client certificate needs both `certificate` and `key`");
  client.resolve_timeout = positive(route, "resolve_timeout", client.resolve_timeout);
  client.connect_timeout = positive(route, "connect_timeout", client.connect_timeout);
  client.tls_timeout = positive(route, "tls_timeout", client.tls_timeout);
  client.send_timeout = positive(route, "send_timeout", client.send_timeout);
  client.first_byte_timeout = positive(route, "first_byte_timeout", client.first_byte_timeout);
  client.between_bytes_timeout = positive(route, "between_bytes_timeout", client.between_bytes_timeout);
  client.connections_max = static_cast<std::size_t>(
      route.integer("connections_max", static_cast<std::int64_t>(client.connections_max), 1, 10'000));
  client.body_bytes_max = route.bytes("answer_max", client.body_bytes_max);
  client.http2 = route.flag("http2", client.http2);
}

}  // namespace

UpstreamSettings read_upstream(const config::Section& route) {
  UpstreamSettings settings;
  settings.name = route.path().substr(route.path().rfind('.') + 1);
  settings.where = route.where("upstream");
  read_addresses(route, settings);
  read_client(route, settings.client);
  settings.gate = shield::read_gate(route.section("gate"), settings.gate);
  settings.health_path = route.text("health_path", settings.health_path);
  if (!settings.health_path.starts_with('/') || settings.health_path.find_first_of(" #\t") != std::string::npos)
    route.problem("health_path", "is the path behind the upstream's own, as in \"/metadata\"");
  settings.health_every = route.duration("health_every", settings.health_every);
  if (settings.health_every != 0ms && settings.health_every < 100ms)
    route.problem("health_every", "must be at least \"100 ms\", or \"0 s\" for no asking");
  settings.failures_max = static_cast<unsigned>(route.integer("failures_max", settings.failures_max, 1, 1'000));
  settings.open_for = positive(route, "open_for", settings.open_for);
  settings.retries_max = static_cast<unsigned>(route.integer("retries", settings.retries_max, 0, 3));
  settings.ask_consents = route.choice("consents", {"ask", "none"}, "none") == "ask";
  settings.bearer_file = route.text("bearer_file");
  return settings;
}

}  // namespace ward::door
