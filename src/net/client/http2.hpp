// One HTTP/2 connection to an origin, shared by its requests (RFC 9113, by nghttp2).
#pragma once

#include "client/connect.hpp"
#include "client/http1.hpp"

struct nghttp2_session;

namespace ward::net::client {

/// One core. A reading coroutine keeps it alive until `close` or the peer's end.
class Http2Connection : public std::enable_shared_from_this<Http2Connection> {
 public:
  Http2Connection(Sweeper& sweeper, std::unique_ptr<Socket> socket, const Origin& origin, const ClientOptions& options);
  ~Http2Connection();

  /// Errors: "upstream_malformed" if the session cannot be made.
  Result<void> start();
  /// False once the peer says goodbye, the connection ends, or stream ids run out.
  bool usable() const;
  boost::asio::awaitable<Tried> exchange(const ClientRequest& request);
  /// Ends it, and with it every request that still runs.
  void close();

 private:
  struct Callbacks;
  class Task;
  static boost::asio::awaitable<void> read_for_ever(std::shared_ptr<Http2Connection> self);
  static boost::asio::awaitable<void> write_later(std::shared_ptr<Http2Connection> self);
  Result<void> submit(Task& task, const ClientRequest& request);
  bool fill();
  void flush();
  void fail_all(std::string_view code, std::string_view detail);

  std::shared_ptr<Sweeper> sweeper_;
  std::unique_ptr<Socket> socket_;
  const Origin origin_;
  const ClientOptions options_;
  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Task*> tasks_;
  Buffer out_;
  std::size_t out_used_ = 0;
  MonoTime last_read_{};
  bool ended_ = false, writing_ = false, goodbye_ = false, in_callback_ = false;
};

}  // namespace ward::net::client
