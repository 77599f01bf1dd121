// ward.toml as typed settings, with every problem by line.
#pragma once

#include "access/policy.hpp"
#include "audit/audit.hpp"
#include "base/config.hpp"
#include "base/log.hpp"
#include "crypto/keys.hpp"
#include "door/services.hpp"
#include "door/upstream.hpp"
#include "identity/identity.hpp"
#include "net/server.hpp"
#include "net/tls.hpp"
#include "shield/abuse.hpp"
#include "shield/firewall.hpp"
#include "shield/limits.hpp"

namespace ward::app {

/// A route as the file states it; its upstream is made when the server is.
struct RouteSettings {
  door::Route route;
  std::optional<door::UpstreamSettings> upstream;
};

/// What the file says. Plain values: comparing, checking and explaining need no server.
struct Configuration {
  std::filesystem::path file;
  std::string text;                // as read, overlays included: its hash names the configuration in the log
  std::string host = "localhost";  // the public name
  std::vector<std::string> hosts;  // all names that requests may carry
  std::string public_url;          // "https://localhost:8443"; empty: from host and port
  unsigned cores = 0;
  net::Listen https, http, admin, mtls;
  bool http_on = true, admin_on = true, mtls_on = false;
  std::string mtls_public_url;  // where clients with certificates reach it; empty: from host and port
  net::TlsOptions tls;
  std::filesystem::path client_ca;  // PEM, for `mtls`; empty: only keys count, no names
  crypto::MasterKeySource master;
  std::string log_file;
  log::Level log_level = log::Level::info;
  net::Limits protocol;
  std::vector<std::string> trusted_proxies;
  audit::Options audit;
  bool fhir_on = true;
  std::string fhir_path = "/fhir";
  bool fhir_unchecked_references = false;
  bool fhir_update_creates = false;
  bool fhir_deletes_several = false;
  std::size_t fhir_body_bytes_max = 8u << 20;
  std::size_t requests_max = 2048;
  shield::LimitSettings limits;
  shield::Quota quota;
  shield::AbuseSettings abuse;
  shield::FirewallSettings firewall;
  std::shared_ptr<const access::Policy> policy;
  std::vector<RouteSettings> routes;
  bool tokens_by_command = false;         // `ward token`
  identity::Settings identity;            // issuer still empty if it follows from the port
  std::vector<config::Problem> problems;  // empty: it can run

  /// Of the `mtls` listener: the same certificates, and clients are asked for theirs.
  net::TlsOptions mtls_tls() const;
};

/// Reads and checks. Always gives a Configuration; whether it may be used is said by `problems`.
Configuration read_configuration(const std::filesystem::path& file, const std::vector<std::filesystem::path>& overlays,
                                 const std::filesystem::path& data_directory);

/// The same from what was parsed already; `text` stays empty.
Configuration read_configuration(const config::Document& document, const std::filesystem::path& file,
                                 const std::filesystem::path& data_directory);

/// The immutable set that requests are decided by. Errors: a firewall whose rules do not load, an upstream that cannot
/// be made.
Result<std::shared_ptr<door::Live>> make_live(const Configuration& configuration, const std::string& base,
                                              std::span<boost::asio::io_context* const> cores, Clock& clock,
                                              std::uint64_t generation,
                                              std::vector<std::shared_ptr<door::Upstream>>& upstreams);

}  // namespace ward::app
