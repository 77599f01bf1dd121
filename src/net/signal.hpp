// Lets one coroutine wait until another on the same core says so. Cheaper than a timer that never expires.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ward::net {

/// One waiter at a time. A `notify` while nobody waits is kept for the next `wait`. One core.
class Signal {
 public:
  explicit Signal(boost::asio::io_context& io) : io_(io) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void notify() {
    if (waiter_) {
      boost::asio::post(io_, std::exchange(waiter_, nullptr));
    } else {
      raised_ = true;
    }
  }

  boost::asio::awaitable<void> wait() {
    if (std::exchange(raised_, false)) co_return;
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        [this](auto handler) { waiter_ = std::move(handler); }, boost::asio::use_awaitable);
  }

 private:
  boost::asio::io_context& io_;
  boost::asio::any_completion_handler<void()> waiter_;
  bool raised_ = false;
};

}  // namespace ward::net
