// One accepted connection: handshake, then whichever HTTP version was agreed.
#pragma once

#include "core.hpp"
#include "socket.hpp"

namespace ward::net {

/// What a listener does with its connections.
struct Listener {
  enum class Kind { https, redirect, plain };
  Kind kind;
  TlsContext* tls;  // null but for https
  Handler handler;
};

/// The HTTP version's part of a connection, as its owner sees it. One core.
class Protocol {
 public:
  virtual ~Protocol() = default;
  /// Until the connection is over; all streams have ended by then.
  virtual boost::asio::awaitable<void> run() = 0;
  virtual void sweep(MonoTime now) = 0;  // coarse time-outs, every 250 ms
  virtual void drain() = 0;              // finish what runs, take nothing new
};

/// Owned by its Core until `run` has ended.
class Connection {
 public:
  Connection(Core& core_in, boost::asio::ip::tcp::socket accepted, SSL* ssl, const Listener& listener_in);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  boost::asio::awaitable<void> run();
  void sweep(MonoTime now);
  void drain();
  void kill() { socket.kill(); }

  void refused(std::string_view what, std::string_view detail) {
    core.shared.observer.refused(peer.address, what, detail);
  }
  /// Whether the name that a request (or SNI) gives is one of ours; `authority` may have a port.
  bool is_ours(std::string_view authority) const;
  /// `peer` as seen from one request: behind a trusted proxy the address is the client's.
  Peer peer_of(const RequestHead&) const;

  Core& core;
  const Listener& listener;
  const std::shared_ptr<const Limits> limits;
  Peer peer;
  Socket socket;

 private:
  boost::asio::awaitable<bool> shake_hands();
  void note_handshake();

  std::string sni_, certificate_;
  std::unique_ptr<Protocol> protocol_;
};

}  // namespace ward::net
