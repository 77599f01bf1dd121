#pragma once
#include "connection.hpp"
namespace ward::net::http2 {
class Connection final : public Protocol {
 public:
  explicit Connection(net::Connection&) {}
  boost::asio::awaitable<void> run() override { co_return; }
  void sweep(MonoTime) override {}
  void drain() override {}
};
}  // namespace ward::net::http2
