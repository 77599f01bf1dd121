// Asks each address of an upstream, again and again, whether it is there.
#pragma once

#include "base/guarded.hpp"
#include "base/metrics.hpp"
#include "upstream/balance.hpp"

#include <boost/asio/steady_timer.hpp>

namespace ward::door {

/// Runs on one core until `stop`, which any thread may call.
class Health : public std::enable_shared_from_this<Health> {
 public:
  static Result<std::shared_ptr<Health>> create(const UpstreamSettings& settings, std::shared_ptr<Balance> balance,
                                                boost::asio::io_context& io, Secret<std::string> bearer);
  void start();
  void stop();

 private:
  Health(const UpstreamSettings& settings, std::shared_ptr<Balance> balance, boost::asio::io_context& io,
         Secret<std::string> bearer);
  static boost::asio::awaitable<void> run(std::shared_ptr<Health> self);
  boost::asio::awaitable<bool> ask(std::size_t index);

  const UpstreamSettings settings_;
  const std::shared_ptr<Balance> balance_;
  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_;
  const Secret<std::string> bearer_;
  metrics::Gauge gauge_;
  std::vector<std::unique_ptr<net::Client>> clients_;
  std::vector<bool> known_;
  std::atomic<bool> stopping_{false};
};

}  // namespace ward::door
