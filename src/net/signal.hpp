// Lets one coroutine wait until another on the same core says so. Cheaper than a timer that never expires.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ward::net {

/// One waiter at a time. A `notify` while nobody waits is kept for the next `wait`. One core.
class Signal {
 public:
  explicit Signal(boost::asio::io_context& io) : io_(io) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  void notify() {
    if (!waiter_) {
      raised_ = true;
      return;
    }
    Waiter waiter = std::move(*waiter_);
    waiter_.reset();
    boost::asio::post(io_, std::move(waiter));
  }

  boost::asio::awaitable<void> wait() {
    if (std::exchange(raised_, false)) co_return;
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        [this](Waiter waiter) { waiter_.emplace(std::move(waiter)); }, boost::asio::use_awaitable);
  }

 private:
  using Waiter = boost::asio::async_result<boost::asio::use_awaitable_t<>, void()>::handler_type;

  boost::asio::io_context& io_;
  std::optional<Waiter> waiter_;
  bool raised_ = false;
};

}  // namespace ward::net
