// From an origin to a connected, verified socket.
#pragma once

#include "client.hpp"
#include "client/sweeper.hpp"
#include "socket.hpp"

namespace ward::net::client {

struct Origin {
  bool tls = true;
  std::string host;  // lower case, without brackets
  std::uint16_t port = 443;
  std::string authority;  // for Host: without a default port
};

/// "https://host[:port]", nothing behind it.
Result<Origin> parse_origin(std::string_view text);

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsSettings = std::unique_ptr<SSL_CTX, FreeContext>;

/// Verifies against the given CA, or the system's; TLS 1.2 at least, with the suites of our listeners.
/// Errors: "upstream_tls" names the file that could not be used.
Result<TlsSettings> make_tls(const UpstreamTls& tls, bool http2);

struct Connected {
  std::unique_ptr<Socket> socket;
  bool http2 = false;
};

/// Errors: "upstream_resolve", "upstream_address", "upstream_connect", "upstream_tls", "upstream_timeout". Nothing of a
/// request was sent.
boost::asio::awaitable<Result<Connected>> connect(Sweeper& sweeper, const Origin& origin, SSL_CTX* tls,
                                                  const ClientOptions& options);

/// Sweeps a socket's deadlines while one waits for it.
struct SocketWatch final : Sweeper::Item {
  SocketWatch(Sweeper& sweeper, Socket& watched) : Item(sweeper), socket(watched) {}
  void sweep(MonoTime now) override { socket.sweep(now); }
  Socket& socket;
};

}  // namespace ward::net::client
