#include "sequencer.hpp"

#include "base/log.hpp"

#include <future>

namespace ward::audit {
namespace {

using namespace std::chrono_literals;
// Waiting for companions pays where a sync is slow: 5 % of it, at most 0.5 ms; none where it is fast.
constexpr double linger_from_seconds = 0.0005, linger_share = 0.05, linger_max_seconds = 0.0005;
constexpr double sync_weight = 0.1;  // of the newest sync in the moving average

class BlockingWaiter final : public Waiter {
 public:
  std::future<std::unique_ptr<Item>> future() { return promise_.get_future(); }
  void complete(std::unique_ptr<Item> item) override { promise_.set_value(std::move(item)); }

 private:
  std::promise<std::unique_ptr<Item>> promise_;
};

}  // namespace

Sequencer::Sequencer(Writer& writer, const Options& options, Reopened reopened)
    : writer_(writer),
      options_(options),
      reopened_(std::move(reopened)),
      records_total_("ward_audit_records_total", "Durable audit records."),
      bytes_total_("ward_audit_bytes_total", "Bytes written to the audit log."),
      syncs_total_("ward_audit_syncs_total", "Syncs of the audit log."),
      dropped_total_("ward_audit_dropped_total",
                     "Records without a waiter that were dropped while the log was closed or its queue full."),
      failures_total_("ward_audit_failures_total", "Failed writes or syncs that closed the audit log."),
      open_gauge_("ward_audit_open", "1 while the audit log takes records."),
      queue_gauge_("ward_audit_queue_records", "Records that wait for the next write."),
      sync_seconds_("ward_audit_sync_seconds", "Seconds of one fdatasync of the audit log.") {}

Sequencer::~Sequencer() { stop(); }

void Sequencer::start(std::set<std::uint64_t> open_intents) {
  open_intents_ = std::move(open_intents);
  end_ = writer_.end();
  stats_.next_index = end_.next;
  open_gauge_.set(1);
  thread_ = std::thread([this] { run(); });
}

void Sequencer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<Item> Sequencer::submit_blocking(std::unique_ptr<Item> item) {
  auto waiter = std::make_unique<BlockingWaiter>();
  auto done = waiter->future();
  item->waiter = std::move(waiter);
  put(std::move(item));
  return done.get();
}

void Sequencer::submit_later(std::unique_ptr<Item> item) { put(std::move(item)); }

std::string Sequencer::closed_reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

Stats Sequencer::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = stats_;
  stats.queued = queue_.size();
  stats.open_intents = open_intents_.size();
  return stats;
}

Sequencer::Durable Sequencer::durable() const {
  const std::lock_guard lock(mutex_);
  return {end_, {open_intents_.begin(), open_intents_.end()}};
}

void Sequencer::put(std::unique_ptr<Item> item) {
  Items refused;
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || stopping_) {
      item->error = Error("log_closed", stopping_ ? "the audit log is stopped" : "the audit log is closed: " + reason_);
      keep_late(*item);
    } else if (queue_.size() >= bound_for(*item)) {
      item->error = Error("log_busy", "the audit log's queue is full");
      if (!item->waiter) keep_late(*item);
    } else {
      queue_.push_back(std::move(item));
      if (waiting_) changed_.notify_all();
      return;
    }
    refused.push_back(std::move(item));
  }
  wake(std::move(refused));
}

// What nobody waits for may fill half of the queue: a flood of it holds up no request. OUTCOMEs always find room: there
// are no more of them than of INTENTs, which had to find theirs.
std::size_t Sequencer::bound_for(const Item& item) const {
  if (item.kind == Item::Kind::outcome) return SIZE_MAX;
  return item.waiter ? options_.queue_max : options_.queue_max / 2;
}

// OUTCOMEs and what nobody waits for are written when the log opens again; of the rest the caller was told. Under the
// lock.
bool Sequencer::keep_late(Item& item) {
  if (item.waiter && item.kind != Item::Kind::outcome) return false;
  if (stopped_ || late_.size() >= options_.queue_max) {
    ++dropped_;
    dropped_total_.add();
    return false;
  }
  auto copy = std::make_unique<Item>();
  copy->parts = std::move(item.parts);
  copy->kind = item.kind;
  late_.push_back(std::move(copy));
  return true;
}

void Sequencer::run() {
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    if (!open_) {
      lock.unlock();
      try_reopen();
      lock.lock();
      if (!stopping_ || open_) continue;
      break;
    }
    linger(lock);
    Items items = std::move(queue_);
    queue_.clear();
    lock.unlock();
    write(std::move(items));
    lock.lock();
  }
  stopped_ = true;
  open_ = false;
  if (reason_.empty()) reason_ = "stopped";
}

/// False when it is time to end. While closed, work is the next attempt to re-open; at stop there is a last one if
/// something waits for it.
bool Sequencer::wait_for_work(std::unique_lock<std::mutex>& lock) {
  if (!open_) {
    changed_.wait_for(lock, options_.reopen_every, [&] { return stopping_; });
    return !stopping_ || !late_.empty();
  }
  // Late ones while the log is open are what a full queue turned away.
  if (queue_.empty() && !late_.empty()) queue_ = std::exchange(late_, {});
  waiting_ = true;
  changed_.wait(lock, [&] { return !queue_.empty() || stopping_; });
  waiting_ = false;
  return !queue_.empty() || !stopping_;
}

void Sequencer::linger(std::unique_lock<std::mutex>& lock) {
  if (stopping_ || stats_.sync_seconds < linger_from_seconds) return;
  const std::chrono::duration<double> time(std::min(stats_.sync_seconds * linger_share, linger_max_seconds));
  lock.unlock();
  std::this_thread::sleep_for(time);
  lock.lock();
}

void Sequencer::write(Items items) {
  queue_gauge_.set(static_cast<double>(items.size()));
  const auto written = writer_.write(items, [&](const auto& synced) { note_synced(synced); });
  note_durable(items);
  if (!written) {
    close(written.error());
    settle(items, written.error());
  }
  wake(std::move(items));
}

void Sequencer::note_synced(const Writer::Synced& synced) {
  {
    const std::lock_guard lock(mutex_);
    end_ = synced.end;
    stats_.next_index = end_.next;
    stats_.records += synced.frames;
    stats_.bytes += synced.bytes;
    ++stats_.syncs;
    stats_.sync_seconds += (synced.seconds - stats_.sync_seconds) * (stats_.syncs == 1 ? 1 : sync_weight);
  }
  records_total_.add(static_cast<double>(synced.frames));
  bytes_total_.add(static_cast<double>(synced.bytes));
  syncs_total_.add();
  sync_seconds_.observe(synced.seconds);
}

void Sequencer::note_durable(const Items& items) {
  const std::lock_guard lock(mutex_);
  for (const auto& item : items)
    if (item->kind != Item::Kind::record && item->is_below(end_.next))
      note_intent(open_intents_, item->index, item->parts.front());
}

// Of a failed write, what an earlier sync of it covered is durable; the rest gets the error.
void Sequencer::settle(Items& items, const Error& error) {
  const std::lock_guard lock(mutex_);
  for (auto& item : items) {
    if (item->is_below(end_.next)) continue;
    item->error = Error("log_closed", "the audit log closed while this record was written").because_of(error);
    keep_late(*item);
  }
}

void Sequencer::close(const Error& error) {
  Items refused;
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
    reason_ = error.text();
    refused = std::exchange(queue_, {});
    for (auto& item : refused) {
      item->error = Error("log_closed", "the audit log is closed: " + reason_);
      keep_late(*item);
    }
  }
  failures_total_.add();
  open_gauge_.set(0);
  log::error("audit_log_closed", error);
  wake(std::move(refused));
}

void Sequencer::try_reopen() {
  if (auto read = writer_.reopen(); !read) {
    const std::lock_guard lock(mutex_);
    reason_ = read.error().text();
    return;
  }
  Items items;
  std::uint64_t dropped = 0;
  std::string fault;
  {
    const std::lock_guard lock(mutex_);
    items = std::exchange(late_, {});
    dropped = std::exchange(dropped_, 0);
    fault = reason_;
  }
  items.insert(items.begin(), reopened_(fault, items.size(), dropped));
  const auto written = writer_.write(items, [&](const auto& synced) { note_synced(synced); });
  note_durable(items);
  const std::lock_guard lock(mutex_);
  if (!written) {
    reason_ = written.error().text();
    dropped_ += dropped;
    items.erase(items.begin());  // the next attempt makes its own
    std::erase_if(items, [&](const auto& item) { return item->is_below(end_.next); });
    for (auto& item : items) item->index = Item::unnumbered;
    late_.insert(late_.begin(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
    return;
  }
  open_ = true;
  reason_.clear();
  open_gauge_.set(1);
  log::info("audit_log_reopened", {{"kept", items.size() - 1}, {"dropped", dropped}});
}

}  // namespace ward::audit
