// Deadlines of one client's waits, looked at every 50 ms by one timer that runs only while something waits.
#pragma once

#include "base/clock.hpp"
#include "signal.hpp"

#include <boost/asio/steady_timer.hpp>

#include <list>

namespace ward::net::client {

/// One core. Outlives its owner by at most one tick.
class Sweeper : public std::enable_shared_from_this<Sweeper> {
 public:
  explicit Sweeper(boost::asio::io_context& io) : io_(io), timer_(io) {}

  /// Is asked at each tick while it exists. `sweep` must not destroy another item: it cancels and notifies.
  class Item {
   public:
    explicit Item(Sweeper& sweeper);
    virtual ~Item();
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;
    virtual void sweep(MonoTime now) = 0;

   private:
    std::shared_ptr<Sweeper> sweeper_;
    std::list<Item*>::iterator place_;
  };

  boost::asio::io_context& io() { return io_; }
  MonoTime now() const { return clock_.mono(); }
  Clock& clock() { return clock_; }

 private:
  void arm();
  void tick();

  boost::asio::io_context& io_;
  SystemClock clock_;
  boost::asio::steady_timer timer_;
  std::list<Item*> items_;
  bool armed_ = false;
};

/// Waits for a signal at most until a deadline.
class TimedSignal final : public Sweeper::Item {
 public:
  TimedSignal(Sweeper& sweeper, MonoTime deadline) : Item(sweeper), deadline_(deadline), signal_(sweeper.io()) {}
  void notify() {
    notified_ = true;
    signal_.notify();
  }
  void sweep(MonoTime now) override {
    if (now >= deadline_) signal_.notify();
  }
  /// False: the deadline came first.
  boost::asio::awaitable<bool> wait() {
    co_await signal_.wait();
    co_return notified_;
  }

 private:
  MonoTime deadline_;
  Signal signal_;
  bool notified_ = false;
};

}  // namespace ward::net::client
