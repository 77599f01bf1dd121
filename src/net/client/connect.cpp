#include "client/connect.hpp"

#include "base/encoding.hpp"
#include "target.hpp"

#include <openssl/x509v3.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>

#include <charconv>

namespace ward::net::client {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Endpoints = std::vector<tcp::endpoint>;

/// getaddrinfo cannot be interrupted: who gives up waiting leaves this behind.
struct Resolving {
  explicit Resolving(asio::io_context& io) : resolver(io) {}
  tcp::resolver resolver;
  Endpoints found;
  std::string problem;
  TimedSignal* waiter = nullptr;
};

asio::awaitable<Result<Endpoints>> resolve(Sweeper& sweeper, const Origin& origin, std::chrono::milliseconds timeout) {
  boost::system::error_code error;
  const asio::ip::address literal = asio::ip::make_address(origin.host, error);
  if (!error) co_return Endpoints{{literal, origin.port}};
  const auto resolving = std::make_shared<Resolving>(sweeper.io());
  TimedSignal done(sweeper, sweeper.now() + timeout);
  struct Detach {
    Resolving& of;
    ~Detach() { of.waiter = nullptr; }
  } detach{*resolving};
  resolving->waiter = &done;
  resolving->resolver.async_resolve(
      origin.host, std::to_string(origin.port),
      [resolving](const boost::system::error_code& why, const tcp::resolver::results_type& results) {
        if (why) resolving->problem = why.message();
        for (const auto& one : results) resolving->found.push_back(one.endpoint());
        if (resolving->waiter != nullptr) resolving->waiter->notify();
      });
  const bool in_time = co_await done.wait();
  if (!in_time)
    co_return fail("upstream_timeout", fmt::format("resolving {} took too long; is the name server up?", origin.host));
  if (resolving->found.empty())
    co_return fail("upstream_resolve", fmt::format("{} has no address: {}", origin.host, resolving->problem));
  co_return resolving->found;
}

struct ConnectWatch final : Sweeper::Item {
  ConnectWatch(Sweeper& sweeper, tcp::socket& watched, MonoTime until)
      : Item(sweeper), socket(watched), deadline(until) {}
  void sweep(MonoTime now) override {
    if (now < deadline) return;
    expired = true;
    boost::system::error_code ignored;
    socket.cancel(ignored);
  }
  tcp::socket& socket;
  MonoTime deadline;
  bool expired = false;
};

/// Each address gets its share of the time, so that a dead one does not use up all of it.
asio::awaitable<Result<tcp::socket>> connect_any(Sweeper& sweeper, const Endpoints& endpoints, const Origin& origin,
                                                 std::chrono::milliseconds timeout) {
  constexpr std::size_t tries_max = 4;
  const std::size_t tries = std::min(endpoints.size(), tries_max);
  const auto share = timeout / static_cast<std::int64_t>(tries);
  std::string problem;
  bool expired = false;
  for (std::size_t i = 0; i < tries; ++i) {
    tcp::socket socket(sweeper.io());
    boost::system::error_code error;
    ConnectWatch watch(sweeper, socket, sweeper.now() + share);
    co_await socket.async_connect(endpoints[i], asio::redirect_error(asio::use_awaitable, error));
    if (!error && !watch.expired) co_return std::move(socket);
    expired = watch.expired;
    problem = watch.expired ? "no answer in time" : error.message();
  }
  co_return fail(expired ? "upstream_timeout" : "upstream_connect",
                 fmt::format("cannot connect to {} port {}: {}", origin.host, origin.port, problem));
}

std::string verification_problem(SSL* ssl, const Origin& origin) {
  const long result = SSL_get_verify_result(ssl);
  if (result != X509_V_OK)
    return fmt::format("the certificate of {} is not accepted: {}; check `ca` and `server_name`", origin.authority,
                       X509_verify_cert_error_string(result));
  return fmt::format("TLS with {} failed: no common version or suite, or it refused our certificate", origin.authority);
}

bool name_peer(SSL* ssl, const std::string& name) {
  boost::system::error_code error;
  static_cast<void>(asio::ip::make_address(name, error));
  if (!error) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 && SSL_set1_host(ssl, name.c_str()) == 1;
}

asio::awaitable<Result<void>> shake_hands(Sweeper& sweeper, Socket& socket, const Origin& origin,
                                          std::chrono::milliseconds timeout) {
  const MonoTime deadline = sweeper.now() + timeout;
  SocketWatch watch(sweeper, socket);
  for (;;) {
    const Socket::Outcome outcome = socket.handshake();
    if (outcome.state == Socket::State::done) break;
    if (outcome.state == Socket::State::closed)
      co_return fail("upstream_tls", verification_problem(socket.ssl(), origin));
    Socket::Wait waited = Socket::Wait::ready;
    if (outcome.state == Socket::State::want_read)
      waited = co_await socket.wait_readable(deadline);
    else
      waited = co_await socket.wait_writable(deadline);
    if (waited == Socket::Wait::expired)
      co_return fail("upstream_timeout", fmt::format("the TLS handshake with {} took too long", origin.authority));
    if (waited == Socket::Wait::gone)
      co_return fail("upstream_tls", fmt::format("{} ended the connection during the TLS handshake", origin.authority));
  }
  if (SSL_get_verify_result(socket.ssl()) != X509_V_OK)
    co_return fail("upstream_tls", verification_problem(socket.ssl(), origin));
  co_return Result<void>{};
}

}  // namespace

Result<Origin> parse_origin(std::string_view text) {
  const auto wrong = [&] {
    return fail("upstream_origin",
                "an origin is written https://host or https://host:port, without path, query or user");
  };
  Origin origin;
  if (text.starts_with("http://")) {
    origin.tls = false;
    origin.port = 80;
  } else if (!text.starts_with("https://")) {
    return wrong();
  }
  const std::uint16_t usual = origin.port;
  const std::string authority = ascii_lower(text.substr(text.find("//") + 2));
  if (authority.empty() || !is_authority(authority)) return wrong();
  const std::string_view host = host_of(authority);
  if (host.size() < authority.size()) {
    const std::string_view port = std::string_view(authority).substr(host.size() + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), origin.port);
    if (error != std::errc() || end != port.data() + port.size() || origin.port == 0) return wrong();
  }
  origin.host = host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
  if (origin.host.empty()) return wrong();
  origin.authority = origin.port == usual ? std::string(host) : fmt::format("{}:{}", host, origin.port);
  return origin;
}

asio::awaitable<Result<Connected>> connect(Sweeper& sweeper, const Origin& origin, SSL_CTX* tls,
                                           const ClientOptions& options) {
  Result<Endpoints> endpoints = co_await resolve(sweeper, origin, options.resolve_timeout);
  if (!endpoints) co_return std::unexpected(endpoints.error());
  const auto refused = [&](const tcp::endpoint& one) { return !options.address_allowed(one.address()); };
  if (options.address_allowed && std::any_of(endpoints->begin(), endpoints->end(), refused))
    co_return fail("upstream_address", fmt::format("{} has an address that may not be connected to", origin.host));
  Result<tcp::socket> socket = co_await connect_any(sweeper, *endpoints, origin, options.connect_timeout);
  if (!socket) co_return std::unexpected(socket.error());
  SSL* ssl = tls == nullptr ? nullptr : SSL_new(tls);
  if (tls != nullptr && ssl == nullptr) co_return fail("upstream_tls", "OpenSSL has no memory for a connection");
  Connected connected;
  connected.socket = std::make_unique<Socket>(std::move(*socket), ssl, sweeper.clock());
  if (ssl == nullptr) co_return connected;
  SSL_set_connect_state(ssl);
  if (!name_peer(ssl, options.tls.server_name.empty() ? origin.host : options.tls.server_name))
    co_return fail("upstream_tls", fmt::format("{} is no name that a certificate can be checked for", origin.host));
  Result<void> shaken = co_await shake_hands(sweeper, *connected.socket, origin, options.tls_timeout);
  if (!shaken) co_return std::unexpected(shaken.error());
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &size);
  connected.http2 = size == 2 && protocol[0] == 'h' && protocol[1] == '2';
  co_return connected;
}

}  // namespace ward::net::client
