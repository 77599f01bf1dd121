// The one thread that writes the log: takes what waits, one write, one fdatasync, then wakes the waiting.
#pragma once

#include "audit/audit.hpp"
#include "base/metrics.hpp"
#include "writer.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <condition_variable>
#include <thread>

namespace ward::audit {

class Sequencer {
 public:
  /// Makes the record that says the log is open again: the first behind the fault.
  using Reopened =
      std::function<std::unique_ptr<Item>(const std::string& fault, std::uint64_t kept, std::uint64_t dropped)>;

  Sequencer(Writer& writer, const Options& options, Reopened reopened);
  ~Sequencer();
  void start(std::set<std::uint64_t> open_intents);
  void stop();

  /// Completes with the item, durable or with its error. Resumes on the token's executor.
  template <class Token>
  auto submit(std::unique_ptr<Item> item, Token&& token) {
    return boost::asio::async_initiate<Token, void(std::unique_ptr<Item>)>(
        [this](auto handler, std::unique_ptr<Item> submitted) {
          submitted->waiter = std::make_unique<HandlerWaiter<decltype(handler)>>(std::move(handler));
          put(std::move(submitted));
        },
        token, std::move(item));
  }
  std::unique_ptr<Item> submit_blocking(std::unique_ptr<Item> item);
  void submit_later(std::unique_ptr<Item> item);

  bool is_open() const { return open_; }
  std::string closed_reason() const;
  Stats stats() const;

  /// What is durable now, for a checkpoint.
  struct Durable {
    Position end;
    std::vector<std::uint64_t> open_intents;
  };
  Durable durable() const;

 private:
  template <class Handler>
  class HandlerWaiter final : public Waiter {
   public:
    explicit HandlerWaiter(Handler handler)
        : executor_(boost::asio::get_associated_executor(handler)), work_(executor_), handler_(std::move(handler)) {}
    const boost::asio::any_io_executor* executor() const override { return &executor_; }
    void complete(std::unique_ptr<Item> item) override {
      Handler handler = std::move(handler_);
      work_.reset();
      std::move(handler)(std::move(item));
    }

   private:
    boost::asio::any_io_executor executor_;
    boost::asio::executor_work_guard<boost::asio::any_io_executor>
        work_;  // its loop must not end while we owe it an answer
    Handler handler_;
  };

  using Items = std::vector<std::unique_ptr<Item>>;
  void put(std::unique_ptr<Item> item);
  std::size_t bound_for(const Item& item) const;
  bool keep_late(Item& item);
  void run();
  bool wait_for_work(std::unique_lock<std::mutex>& lock);
  void linger(std::unique_lock<std::mutex>& lock);
  void write(Items items);
  void note_synced(const Writer::Synced& synced);
  void note_durable(const Items& items);
  void settle(Items& items, const Error& error);
  void close(const Error& error);
  void try_reopen();

  Writer& writer_;
  const Options options_;
  const Reopened reopened_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Items queue_;
  Items late_;  // for when the log re-opens
  std::atomic<bool> open_{true};
  bool waiting_ = false, stopping_ = false, stopped_ = false;
  std::string reason_;
  std::uint64_t dropped_ = 0;
  std::set<std::uint64_t> open_intents_;
  Position end_;
  Stats stats_;
  std::thread thread_;

  metrics::Counter records_total_, bytes_total_, syncs_total_, dropped_total_, failures_total_;
  metrics::Gauge open_gauge_, queue_gauge_;
  metrics::Histogram sync_seconds_;
};

}  // namespace ward::audit
