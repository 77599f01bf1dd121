// Talking to upstreams: pooled, HTTP/1.1 and HTTP/2, TLS verified, every phase with a time-out.
#pragma once

#include "net/http.hpp"

#include <filesystem>
#include <functional>

namespace ward::net {

struct UpstreamTls {
  std::filesystem::path ca;                // empty: the system's
  std::filesystem::path certificate, key;  // client certificate; empty: none
  std::string server_name;                 // SNI and name to verify; empty: the URL's host
};

struct ClientOptions {
  UpstreamTls tls;
  std::chrono::milliseconds resolve_timeout{2'000}, connect_timeout{3'000}, tls_timeout{3'000}, send_timeout{30'000},
      first_byte_timeout{30'000}, between_bytes_timeout{15'000};
  std::size_t connections_max = 64;  // per core and address; more wait up to connect_timeout
  std::size_t header_bytes_max = 64u << 10;
  std::size_t body_bytes_max = 32u << 20;
  bool http2 = true;                            // by ALPN
  std::chrono::milliseconds answer_timeout{0};  // from the request on, for all of the answer; 0: none
  /// For origins that others name: asked about each address of the host. One refusal is error "upstream_address", and
  /// nothing is connected to; what is connected to was asked about, whatever a name server says later. Empty: any.
  std::function<bool(const boost::asio::ip::address&)> address_allowed;
};

/// Built anew from parsed parts; never a copy of what the client sent.
struct ClientRequest {
  std::string method, path_and_query, authority;
  std::vector<std::pair<std::string, std::string>> headers;
  Buffer body;
};

struct ClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names lower case; hop-by-hop ones removed
  Buffer body;
  std::string_view header(std::string_view name) const;
};

/// One origin ("https://ehr.example:8443"), for one core. Not thread-safe: made and used on its core.
/// Errors: "upstream_resolve", "upstream_address", "upstream_connect", "upstream_tls", "upstream_timeout",
/// "upstream_malformed", "upstream_too_large", "upstream_closed". An error says in `sent` whether the request may have
/// reached the upstream.
class Client {
 public:
  static Result<std::unique_ptr<Client>> create(boost::asio::io_context&, std::string_view origin,
                                                const ClientOptions&);
  virtual ~Client() = default;
  struct Failure {
    Error error;
    bool sent = true;  // false: certainly not; a retry is safe for any method
  };
  /// A stale pooled connection is retried once by itself where that is safe (nothing sent, or GET/HEAD without a body).
  virtual boost::asio::awaitable<std::expected<ClientResponse, Failure>> request(ClientRequest) = 0;
};

}  // namespace ward::net
