// One client socket, with TLS (OpenSSL directly on the descriptor) or without. Asio only tells when it is ready.
#pragma once

#include "base/clock.hpp"

#include <openssl/ssl.h>

namespace ward::net {

/// Not thread-safe: one core. Deadlines are kept by whoever sweeps (`sweep`), not by timers.
class Socket {
 public:
  enum class State { done, want_read, want_write, closed };
  struct Outcome {
    State state;
    std::size_t bytes = 0;
  };
  enum class Wait { ready, expired, gone };

  /// `ssl` may be null (plain). Takes both.
  Socket(boost::asio::ip::tcp::socket socket, SSL* ssl, Clock& clock);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool is_tls() const { return ssl_ != nullptr; }
  SSL* ssl() { return ssl_; }

  // None of these blocks or waits.
  Outcome handshake();
  Outcome read(char* memory, std::size_t bytes);
  Outcome write(const char* memory, std::size_t bytes);
  bool has_pending() const { return ssl_ != nullptr && SSL_has_pending(ssl_) == 1; }

  /// Waits until readable or writable, at most until `deadline` (MonoTime{}: for ever).
  boost::asio::awaitable<Wait> wait_readable(MonoTime deadline);
  boost::asio::awaitable<Wait> wait_writable(MonoTime deadline);
  /// Writes all of it; `patience` without any progress is an error. `memory` must live until then.
  boost::asio::awaitable<Wait> write_all(std::string_view memory, std::chrono::milliseconds patience);

  void sweep(MonoTime now);
  /// Ends all waiting with `gone`, and nothing else.
  void wake();
  /// Ends all waiting with `gone`; reading and writing fail from now on.
  void kill();
  /// No more from us: close_notify and FIN.
  void finish_writing();
  /// The peer gets a reset instead of an end, so that a broken answer never looks complete.
  void abort();
  Clock& clock() { return clock_; }

 private:
  boost::asio::awaitable<Wait> wait(boost::asio::ip::tcp::socket::wait_type what, MonoTime& slot, MonoTime deadline);
  Outcome outcome_of(int result);

  boost::asio::ip::tcp::socket socket_;
  SSL* ssl_;
  Clock& clock_;
  MonoTime read_deadline_{}, write_deadline_{};
  bool broken_ = false, expired_ = false;
};

}  // namespace ward::net
