#include "committer.hpp"

#include "base/log.hpp"

#include <sqlite3.h>

namespace ward::store {
namespace {

using namespace std::chrono_literals;

constexpr auto probe_every = 200ms;
constexpr std::size_t batch_bytes_max = 64u << 20;
constexpr int wal_pages_passive = 2'000;    // 16 MiB: then the log is copied into the file
constexpr int wal_pages_truncate = 32'000;  // 256 MiB: then it is also cut, when readers let it be
constexpr int writer_busy_ms = 5'000;       // a checkpoint that cuts holds the writer's lock for 100 ms at most
constexpr int checkpoint_busy_ms = 100;
constexpr std::uint64_t checkpoint_cache_bytes = 1 << 20;

Error failed_write(const Failure& failure) { return fail_with(failure, "a write failed").error(); }

}  // namespace

Committer::Committer(const Options& options, Clock& clock, std::unique_ptr<Connection> connection)
    : options_(options),
      clock_(clock),
      connection_(std::move(connection)),
      commits_("ward_store_commits_total", "transactions made durable"),
      sets_("ward_store_change_sets_total", "change sets committed"),
      failures_("ward_store_failed_commits_total", "transactions lost to the disk"),
      refused_("ward_store_busy_total", "change sets refused because the queue was full") {
  applier_ = std::make_unique<Applier>(*connection_);
  sqlite3_wal_hook(connection_->handle(), &Committer::on_commit, this);
  checkpointer_ = std::jthread([this](std::stop_token stop) { checkpoint(stop); });
  writer_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

Committer::~Committer() {
  writer_.request_stop();
  writer_.join();
  checkpointer_.request_stop();
  checkpointer_.join();
}

void Committer::submit(ChangeSet set, Completion completion) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < options_.queue_max && queue_bytes_ + set.bytes <= options_.queue_bytes_max) {
      queue_bytes_ += set.bytes;
      queue_.push_back({std::move(set), std::move(completion), std::nullopt});
      waiting_.notify_one();
      return;
    }
  }
  refused_.add();
  completion(fail("store_busy", fmt::format("store: {} change sets wait already; try again in a moment", options_.queue_max)));
}

void Committer::run(std::stop_token stop) {
  while (true) {
    Batch batch = take(stop);
    if (!batch.empty()) {
      commit(batch);
      for (Job& job : batch) job.completion(std::move(*job.outcome));
    } else if (stop.stop_requested()) {
      return;
    } else {
      probe();
    }
  }
}

// A lone writer is not held up: it lingers only while the batch before shows that several write at once.
Committer::Batch Committer::take(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto some = [&] { return !queue_.empty(); };
  if (healthy()) {
    waiting_.wait(lock, stop, some);
  } else {
    waiting_.wait_for(lock, stop, probe_every, some);
  }
  const std::size_t expected = std::min(last_batch_, options_.batch_max);
  if (!queue_.empty() && queue_.size() < expected && !stop.stop_requested())
    waiting_.wait_for(lock, stop, options_.linger, [&] { return queue_.size() >= expected; });

  Batch batch;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < options_.batch_max && bytes < batch_bytes_max) {
    bytes += queue_.front().set.bytes;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queue_bytes_ -= bytes;
  if (!batch.empty()) last_batch_ = batch.size();
  return batch;
}

void Committer::commit(Batch& batch) {
  try {
    if (connection_ == nullptr) reopen();
    apply_and_commit(batch);
    if (!healthy_.exchange(true, std::memory_order_acq_rel)) log::info("store_mended");
    commits_.add();
    sets_.add(double(batch.size()));
  } catch (const Failure& failure) {
    close();
    failures_.add();
    if (healthy_.exchange(false, std::memory_order_acq_rel)) log::error("store_failed", failed_write(failure));
    for (Job& job : batch) job.outcome = std::unexpected(failed_write(failure));
  }
}

void Committer::apply_and_commit(Batch& batch) {
  const WallTime now = clock_.wall();
  connection_->execute("BEGIN IMMEDIATE");
  for (Job& job : batch) job.outcome = applier_->apply(job.set, now);
  connection_->execute("COMMIT");
  // Before the waiters hear of it: who reads the generation after an answer sees the new one.
  if (applier_->took_relationships()) relationships_.fetch_add(1, std::memory_order_acq_rel);
}

// After a failed sync nothing that this connection has in memory is believed: pages may be lost that look written.
void Committer::reopen() {
  auto fresh = std::make_unique<Connection>(options_.file, Connection::Mode::write, options_.cache_bytes, writer_busy_ms);
  sqlite3_wal_hook(fresh->handle(), &Committer::on_commit, this);
  applier_ = std::make_unique<Applier>(*fresh);
  connection_ = std::move(fresh);
}

void Committer::close() {
  applier_.reset();
  connection_.reset();
}

// A small durable write, so that /readyz turns green without a client's help.
void Committer::probe() {
  try {
    if (connection_ == nullptr) reopen();
    connection_->execute("INSERT INTO about(name, value) VALUES('probe', 1) ON CONFLICT(name) DO UPDATE SET value = value + 1");
    healthy_.store(true, std::memory_order_release);
    log::info("store_mended");
  } catch (const Failure&) {
    close();
  }
}

int Committer::on_commit(void* self, sqlite3*, const char*, int pages) {
  auto* committer = static_cast<Committer*>(self);
  if (pages < wal_pages_passive) return SQLITE_OK;
  const std::lock_guard lock(committer->wal_mutex_);
  committer->wal_pages_ = pages;
  committer->wal_grew_.notify_one();
  return SQLITE_OK;
}

void Committer::checkpoint(std::stop_token stop) {
  std::unique_ptr<Connection> connection;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(wal_mutex_);
      if (!wal_grew_.wait(lock, stop, [&] { return wal_pages_ > 0; })) return;
    }
    try {
      if (connection == nullptr)
        connection = std::make_unique<Connection>(options_.file, Connection::Mode::write, checkpoint_cache_bytes, checkpoint_busy_ms);
      checkpoint_once(*connection);
    } catch (const Failure& failure) {
      connection.reset();
      log::warning("store_checkpoint_failed", {{"sqlite_code", failure.code}});
    }
    std::mutex pause;
    std::unique_lock lock(pause);
    std::condition_variable_any().wait_for(lock, stop, 100ms, [] { return false; });
  }
}

void Committer::checkpoint_once(Connection& connection) {
  int pages = 0;
  {
    const std::lock_guard lock(wal_mutex_);
    pages = std::exchange(wal_pages_, 0);
  }
  int in_log = 0, copied = 0;
  const int mode = pages >= wal_pages_truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(connection.handle(), nullptr, mode, &in_log, &copied);
  if (code != SQLITE_OK && code != SQLITE_BUSY) throw Failure{code};  // busy: readers hold on to it; the next one cuts
}

}  // namespace ward::store
