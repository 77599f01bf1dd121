// One request on an HTTP/2 connection. Lives on the coroutine of the request.
#pragma once

#include "client/http2.hpp"

#include <nghttp2/nghttp2.h>

namespace ward::net::client {

class Http2Connection::Task final : public Sweeper::Item {
 public:
  Task(Sweeper& sweeper, Http2Connection& connection, const ClientRequest& request, const ClientOptions& options);
  ~Task() override { withdraw(); }

  std::int32_t stream = 0;  // 0: not submitted, or closed

  boost::asio::awaitable<void> wait();
  Tried take(const Origin& origin);
  /// nghttp2 must not see this again; what still runs of the stream is cancelled.
  void withdraw();

  void fail(std::string_view code, std::string_view detail, bool sent);
  bool begun() const { return response_begun_; }
  bool expired() const { return expired_; }
  MonoTime submitted_at() const { return submitted_at_; }
  void sweep(MonoTime now) override;

  void begin_head();
  bool add_field(std::string_view name, std::string_view value);
  void end_head();
  bool add_body(std::string_view bytes);
  void end_stream();
  static ssize_t read_body(nghttp2_session*, std::int32_t id, std::uint8_t* memory, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source*, void* connection);

 private:
  void finish();

  Sweeper& sweeper_;
  Http2Connection& connection_;
  const ClientRequest& request_;
  const ClientOptions& options_;
  Signal signal_;
  ClientResponse response_;
  std::optional<Client::Failure> failure_;
  std::string failure_detail_;
  std::size_t header_bytes_ = 0, body_sent_ = 0;
  MonoTime submitted_at_, deadline_;
  unsigned interim_ = 0;
  bool has_head_ = false, response_begun_ = false, done_ = false, expired_ = false;
};

}  // namespace ward::net::client
