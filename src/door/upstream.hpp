// An upstream: several addresses with active health, circuit breaking, a bounded number of places, and a credential.
#pragma once

#include "access/consent.hpp"
#include "base/config.hpp"
#include "base/refusal.hpp"
#include "net/client.hpp"
#include "shield/limits.hpp"

namespace ward::door {

struct Exchange;

struct UpstreamSettings {
  std::string name;
  std::vector<std::string> addresses;  // "https://ehr-1.example:8443", all of one service
  std::string path;                    // prefix at the upstream: "/fhir"
  net::ClientOptions client;
  shield::GateSettings gate;
  std::string health_path = "/metadata";  // behind `path`; asked every `health_every`
  std::chrono::milliseconds health_every{5'000};
  unsigned failures_max = 5;  // in a row: the circuit opens
  std::chrono::milliseconds open_for{10'000};
  unsigned retries_max = 1;           // of requests that are safe to repeat
  bool ask_consents = false;          // consents = "ask": what patients forbid at a FHIR server holds here too
  std::filesystem::path bearer_file;  // a token that Ward presents to the upstream; read at load, mode 0600
  std::string where;                  // "ward.toml:41"
};

/// Reads [route.NAME]'s upstream keys. "http" addresses need allow_plaintext = "loopback" and a loopback address.
UpstreamSettings read_upstream(const config::Section& route);

/// What is known of the Consents that a FHIR server behind a route has (fhir/seal.hpp). Any core.
struct UpstreamConsents {
  access::Consents all;
  std::atomic<std::int64_t> asked_ms{-3'600'000};  // of the monotonic clock
  std::atomic<bool> asking{false};
};

/// One upstream service. Any core; each core has clients of its own inside.
class Upstream {
 public:
  static Result<std::shared_ptr<Upstream>> create(UpstreamSettings settings,
                                                  std::span<boost::asio::io_context* const> cores, Clock& clock);
  virtual ~Upstream() = default;

  /// Sends to a healthy address and waits for the whole answer. `path_and_query` of the request is behind `path`.
  /// `repeatable`: may be sent again if it failed (GET and HEAD, or a change with a precondition).
  /// Refusals: 502 upstream_failed, 503 overloaded or upstream_unavailable (circuit open), 504 upstream_timeout.
  virtual boost::asio::awaitable<Allowed<net::ClientResponse>> request(net::ClientRequest request, bool repeatable,
                                                                       shield::Class of) = 0;

  virtual const UpstreamSettings& settings() const = 0;
  /// For /readyz and metrics: addresses that are healthy now.
  virtual std::size_t healthy() const = 0;
  UpstreamConsents consents;
  virtual void stop() = 0;  // ends the health checks; called before the cores stop
};

}  // namespace ward::door
