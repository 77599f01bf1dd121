// The one writer: takes what waits, commits it as one transaction, tells each waiter.
#pragma once

#include "apply.hpp"
#include "base/metrics.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace ward::store {

class Committer {
 public:
  using Outcome = Result<std::vector<Done>>;
  using Completion = std::move_only_function<void(Outcome)>;

  Committer(const Options& options, Clock& clock, std::unique_ptr<Connection> connection);
  ~Committer();  // finishes what was taken

  /// Any thread. `completion` is called once, on the writer's thread (or here, if the queue is full): it must only hand over.
  void submit(ChangeSet set, Completion completion);
  bool healthy() const { return healthy_.load(std::memory_order_acquire); }
  std::uint64_t relationship_generation() const { return relationships_.load(std::memory_order_acquire); }

 private:
  struct Job {
    ChangeSet set;
    Completion completion;
    std::optional<Outcome> outcome;
  };
  using Batch = std::vector<Job>;

  void run(std::stop_token stop);
  Batch take(std::stop_token stop);
  void commit(Batch& batch);
  void apply_and_commit(Batch& batch);
  void reopen();
  void probe();
  void close();
  void checkpoint(std::stop_token stop);
  void checkpoint_once(Connection& connection);
  static int on_commit(void* self, struct sqlite3*, const char*, int pages);

  const Options options_;
  Clock& clock_;

  std::mutex mutex_;
  std::condition_variable_any waiting_;
  std::deque<Job> queue_;
  std::size_t queue_bytes_ = 0;

  std::unique_ptr<Connection> connection_;  // null after a failure; the writer's thread alone
  std::unique_ptr<Applier> applier_;
  std::size_t last_batch_ = 1;
  std::atomic<bool> healthy_{true};
  std::atomic<std::uint64_t> relationships_{1};

  std::mutex wal_mutex_;
  std::condition_variable_any wal_grew_;
  int wal_pages_ = 0;

  metrics::Counter commits_, sets_, failures_, refused_;
  std::jthread checkpointer_;
  std::jthread writer_;
};

}  // namespace ward::store
