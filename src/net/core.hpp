// One thread's share of the server: its event loop, its connections, its coarse clock.
#pragma once

#include "server.hpp"

#include <list>

namespace ward::net {

class Connection;

/// What connections share across cores: limits, counts, settings.
struct Shared {
  Shared(Server::Options options_in, Observer& observer_in, Clock& clock_in);

  Observer& observer;
  Clock& clock;
  const std::vector<std::string> hosts;
  std::vector<std::pair<boost::asio::ip::address_v6, unsigned>> trusted;  // prefix and its bits, v4 as mapped v6
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> draining{false};

  std::shared_ptr<const Limits> limits() const;
  void set_limits(const Limits&);

  /// Counts a connection in; a refusal names the limit ("connection_limit", "address_connection_limit").
  std::optional<std::string_view> enter(const boost::asio::ip::address&);
  void leave(const boost::asio::ip::address&);

  bool host_allowed(std::string_view host) const;  // without port, lower case

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Limits> limits_;
  std::map<boost::asio::ip::address, std::size_t> per_address_;  // bounded by connections_max
};

struct Core {
  Core(unsigned index_in, Shared& shared_in);
  ~Core();

  const unsigned index;
  Shared& shared;
  boost::asio::io_context io{1};
  std::list<boost::asio::ip::tcp::acceptor> acceptors;
  std::list<std::unique_ptr<Connection>> connections;
  Buffer scratch;  // for assembling what is written at once; never held across a wait

  /// "Tue, 24 Nov 2026 05:30:23 GMT", made once a second.
  std::string_view date();
  /// A buffer for reading a request into; idle connections hold none.
  Buffer take_buffer();
  void give_back(Buffer buffer);

 private:
  std::int64_t date_second_ = -1;
  std::string date_;
  std::vector<Buffer> spare_;
};

}  // namespace ward::net
