// One request and its response over HTTP/1.1.
#pragma once

#include "client/connect.hpp"
#include "client/response.hpp"

namespace ward::net::client {

struct Http1Connection {
  std::unique_ptr<Socket> socket;
  bool reused = false;
  MonoTime idle_since{};

  /// Whether the peer still holds it open and has said nothing unasked: bytes that nobody asked for belong to no
  /// request.
  bool is_quiet();
};

/// What came of a request on one connection.
struct Tried {
  std::expected<ClientResponse, Client::Failure> answer;
  bool stale = false;     // ended before anything was read: on a reused connection the peer had likely closed it before
  bool reusable = false;  // the connection
};

boost::asio::awaitable<Tried> exchange(Sweeper& sweeper, Http1Connection& connection, const Origin& origin,
                                       const ClientRequest& request, const ClientOptions& options);

}  // namespace ward::net::client
