#include "connection.hpp"

#include "base/encoding.hpp"
#include "forwarded.hpp"
#include "http1/http1.hpp"
#include "http2/http2.hpp"
#include "target.hpp"

#include <openssl/err.h>

namespace ward::net {

namespace asio = boost::asio;

namespace {
asio::ip::address plain_form(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  return address;
}
}  // namespace

Connection::Connection(Core& core_in, asio::ip::tcp::socket accepted, SSL* ssl, const Listener& listener_in)
    : core(core_in),
      listener(listener_in),
      limits(core_in.shared.limits()),
      socket(std::move(accepted), ssl, core_in.shared.clock) {}

Connection::~Connection() = default;

asio::awaitable<void> Connection::run() {
  bool h2 = false;
  if (socket.is_tls()) {
    const bool agreed = co_await shake_hands();
    if (!agreed) co_return;
    note_handshake();
    const unsigned char* protocol = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(socket.ssl(), &protocol, &length);
    h2 = length == 2;
  }
  if (h2)
    protocol_ = std::make_unique<http2::Connection>(*this);
  else
    protocol_ = std::make_unique<http1::Connection>(*this);
  if (core.shared.draining) protocol_->drain();
  co_await protocol_->run();
}

asio::awaitable<bool> Connection::shake_hands() {
  const MonoTime deadline = core.shared.clock.mono() + limits->header_timeout;
  for (;;) {
    const Socket::Outcome outcome = socket.handshake();
    if (outcome.state == Socket::State::done) co_return true;
    if (outcome.state == Socket::State::closed) {
      const char* reason = ERR_reason_error_string(ERR_peek_error());
      refused("tls_handshake", reason == nullptr ? "closed by the peer" : reason);
      co_return false;
    }
    Socket::Wait waited = Socket::Wait::ready;
    if (outcome.state == Socket::State::want_read)
      waited = co_await socket.wait_readable(deadline);
    else
      waited = co_await socket.wait_writable(deadline);
    if (waited == Socket::Wait::ready) continue;
    if (waited == Socket::Wait::expired) refused("tls_handshake", "timed out");
    co_return false;
  }
}

void Connection::note_handshake() {
  SSL* ssl = socket.ssl();
  peer.tls_version = SSL_get_version(ssl);
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) sni_ = ascii_lower(name);
  peer.sni = sni_;
  if (X509* certificate = SSL_get0_peer_certificate(ssl)) {
    unsigned char* der = nullptr;
    const int length = i2d_X509(certificate, &der);
    if (length > 0) certificate_.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(length));
    OPENSSL_free(der);
    peer.client_certificate_verified = SSL_get_verify_result(ssl) == X509_V_OK;
  }
  peer.client_certificate_der = certificate_;
}

void Connection::sweep(MonoTime now) {
  socket.sweep(now);
  if (protocol_) protocol_->sweep(now);
}

void Connection::drain() {
  if (protocol_) protocol_->drain();
}

bool Connection::is_ours(std::string_view authority) const {
  const Shared& shared = core.shared;
  if (listener.kind != Listener::Kind::https || shared.hosts.empty()) return true;
  return shared.host_allowed(host_of(authority)) && (peer.sni.empty() || shared.host_allowed(peer.sni));
}

Peer Connection::peer_of(const RequestHead& head) const {
  Peer seen = peer;
  if (!core.shared.trusted.empty()) seen.address = client_address(head, plain_form(peer.address), core.shared.trusted);
  return seen;
}

}  // namespace ward::net
