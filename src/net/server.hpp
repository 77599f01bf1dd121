// Listeners: TLS with HTTP/1.1 and HTTP/2, the redirecting HTTP listener, and plain HTTP on loopback for `admin`.
#pragma once

#include "net/http.hpp"
#include "net/tls.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace ward::net {

struct Limits {  // defaults as in shield.md "Protocol"
  std::size_t uri_bytes_max = 8u << 10;
  std::size_t header_bytes_max = 32u << 10;
  std::size_t header_fields_max = 100;
  std::size_t body_bytes_max = 8u << 20;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::size_t body_rate_min = 500;  // bytes per second, after 5 s
  std::size_t connections_max = 100'000;
  std::size_t connections_per_address_max = 2'000;
  std::size_t h2_streams_max = 100;
  std::chrono::milliseconds drain_timeout{20'000};
};

/// What net tells of messages that never became a Stream, so that they can be recorded. Called on the core's thread.
struct Observer {
  virtual ~Observer() = default;
  /// A failed handshake, a malformed message, a spent budget. `what` is a stable slug, `detail` has no bytes of the
  /// message.
  virtual void refused(const boost::asio::ip::address&, std::string_view what, std::string_view detail) = 0;
  /// The permit for the fixed answer to an unparsable message (400, 408, 413, 431, 503): bodies without PHI.
  virtual SendPermit fixed_answer(std::string_view what) = 0;
};

using Handler = std::function<boost::asio::awaitable<void>(Stream&)>;

struct Listen {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: a free one
};

/// All listeners of the process. Starts `cores` threads, each with its own io_context, acceptors (SO_REUSEPORT) and
/// connections.
class Server {
 public:
  struct Options {
    unsigned cores = 0;  // 0: one per hardware thread
    Limits limits;
    std::vector<std::string> hosts;            // allowed Host/:authority names (without port) and SNI; empty: any
    std::vector<std::string> trusted_proxies;  // addresses or prefixes whose Forwarded headers are believed
  };
  static Result<std::unique_ptr<Server>> create(Options, Observer&, Clock&);
  virtual ~Server() = default;

  /// Each returns the port. `handler` is called on the connection's core for each request. A listener for clients with
  /// certificates (mtls) is a second https one, with a TlsContext of its own that asks for them.
  virtual Result<std::uint16_t> listen_https(const Listen&, TlsContext&, Handler handler) = 0;
  virtual Result<std::uint16_t> listen_redirect(const Listen&, std::uint16_t https_port) = 0;
  virtual Result<std::uint16_t> listen_plain(const Listen&, Handler handler) = 0;  // loopback addresses only

  virtual unsigned cores() const = 0;
  virtual boost::asio::io_context& core(unsigned index) = 0;
  /// Index of the calling core thread (0 .. cores()-1); asserts that it is one.
  static unsigned this_core();

  virtual void start() = 0;
  /// Takes no new connections, finishes what runs (GOAWAY, Connection: close), up to drain_timeout; then stops threads.
  /// Blocks.
  virtual void drain() = 0;
  virtual std::size_t connections() const = 0;
  virtual void set_limits(const Limits&) = 0;  // for reload; new connections
};

}  // namespace ward::net
