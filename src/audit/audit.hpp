// The log: append-only, hash-chained, durable before anything leaves. On disk: docs/formats/log.md.
#pragma once

#include "audit/receipt.hpp"
#include "audit/record.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/random.hpp"

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace ward::crypto {
class KeyRing;
}

namespace ward::audit {

class Disk;  // the seam to the file system; inside

struct Options {
  std::string host = "localhost", node = "1";  // the log's name is HOST/audit/NODE
  std::size_t segment_bytes = 64u << 20;       // at least 256 KiB
  std::size_t queue_max = 65'536;              // records waiting; beyond: "log_busy"
  std::chrono::milliseconds checkpoint_every{500};
  std::chrono::milliseconds reopen_every{500};
  Disk* disk = nullptr;  // tests: one that fails; null: the real one
};

struct Stats {
  std::uint64_t records = 0;  // durable, since opening
  std::uint64_t bytes = 0;    // of frames
  std::uint64_t syncs = 0;
  std::uint64_t next_index = 0;  // index of the next record
  std::uint64_t checkpoint = 0;  // count that the last signed checkpoint covers
  std::size_t queued = 0;
  std::size_t open_intents = 0;
  double sync_seconds = 0;  // moving average of one fdatasync
};

/// An INTENT without OUTCOME, found at start-up. Only clear fields of `record` are filled.
struct OpenIntent {
  Intent intent;
  Record record;
};

/// Appends records to this node's log and says when they are durable.
///
/// Thread rule: all but `stop` from any thread; one sequencer thread writes. Coroutines resume on their own executor.
/// Durability: a Receipt or Intent exists only after fdatasync covered the record.
/// Errors of appending: "log_closed" (a write failed; nothing with PHI may leave until it has re-opened by itself),
/// "log_busy" (queue full), "record_too_large" (subjects over 8 MiB).
class Log {
 public:
  /// Opens, recovers or creates the log in `directory`. Errors: "log_damaged" (names file, offset and index; a torn
  /// tail is no damage), "log_locked" (another process has it), "log_failed" (names file and system error).
  static Result<std::unique_ptr<Log>> open(const std::filesystem::path& directory, const Options&, crypto::KeyRing&,
                                           Clock&, Random&);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  boost::asio::awaitable<Result<Receipt>> append(Record record);
  /// The record's own event moves to detail "of"; the event becomes "intent".
  boost::asio::awaitable<Result<Intent>> intend(Record record);
  /// If the log is closed the outcome is kept and written when it re-opens; the error is returned all the same.
  boost::asio::awaitable<Result<Receipt>> outcome(const Intent& intent, Record record);

  /// The same for threads that may block: start-up, import, command line.
  Result<Receipt> append_blocking(Record record);
  Result<Intent> intend_blocking(Record record);
  Result<Receipt> outcome_blocking(const Intent& intent, Record record);

  /// Without waiting. For END records and for what has no answer to hold back (failed handshakes, security events).
  /// They may fill half of the queue; beyond, and while the log is closed, they are kept up to the queue's bound, then
  /// counted as dropped (told by the next "log.reopened" and ward_audit_dropped_total).
  void append_later(Record record);

  /// False from a failed write until the log has been re-read and re-opened: answer 503, readiness red.
  bool is_open() const;
  /// Why it is closed, for operators; empty while open.
  std::string closed_reason() const;

  /// Intents that start-up found open, once: settle each by outcome_blocking (done, not done, or unknown).
  std::vector<OpenIntent> take_open_intents();

  Stats stats() const;
  const std::filesystem::path& directory() const;

  /// Writes what waits, signs the last checkpoint, ends the threads. Further appends give "log_closed". The destructor
  /// calls it. Coroutines that wait are resumed by posts: call before their io_context is destroyed.
  void stop();

 private:
  struct Inside;
  explicit Log(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

/// Seals a damaged (or any stopped) log: moves its files into damaged-N/ and starts a new one, whose first record
/// ("log.epoch") names the reason, the old log's id, count and chain. Indexes go on. With the server stopped.
Result<void> new_epoch(const std::filesystem::path& directory, std::string_view reason, const Options&,
                       crypto::KeyRing&, Clock&, Random&);

}  // namespace ward::audit
