// Reading and proving a log: while its server runs, or offline.
#pragma once

#include "audit/record.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ward::crypto {
class KeyRing;
}

namespace ward::audit {

/// A record as it was read. `record.subjects` is filled if the ring has the key (`opened`), else empty.
struct Entry {
  std::uint64_t index = 0;
  WallTime time{};
  std::uint64_t mono_us = 0;
  std::string node;
  unsigned part = 1, parts = 1;
  bool sealed = false;  // has subjects
  bool opened = false;  // and they are in record.subjects
  bool cut = false;     // the writer had to leave something out
  Record record;
};

/// JSON of the clear fields, with "index" and "time" (RFC 3339). No PHI.
std::string clear_json(const Entry&);
/// The same with "subjects". PHI.
Phi<std::string> full_json(const Entry&);
/// One line for a terminal, clear fields only; control characters are escaped.
std::string text_line(const Entry&);
/// A stored record's bytes to an Entry (subjects stay sealed). Error "record_malformed".
Result<Entry> parse_record(std::string_view json);

/// What to look for; an empty field matches all.
struct Filter {
  std::string patient;  // "Patient/12" or "12": needs the key ring
  std::string actor, client, event, request_id, ip;
  std::optional<Outcome> outcome;
  std::optional<WallTime> from, until;  // [from, until)
  std::uint64_t first_index = 0;
  std::size_t limit = 1000;
  bool newest_first = false;
};

struct Finding {
  std::string file;
  std::uint64_t offset = 0;
  std::uint64_t index = 0;  // the entry
  std::string what;
};

struct Report {
  bool ok = false;                     // no findings; a torn tail is ok
  std::uint64_t first = 0, count = 0;  // entries [first, count) are in the log
  std::uint64_t entries = 0;           // verified
  std::uint64_t checkpoint = 0;        // count that the signed checkpoint covers; 0: none
  std::vector<Finding> findings;       // at most 100
  std::optional<Finding> torn_tail;
  double seconds = 0;
  std::string text() const;  // for a terminal
  std::string json() const;
};

struct VerifyOptions {
  std::string verifier_key;  // "NAME+HASH+BASE64" as in signed-note; empty: checkpoint.pub of the directory
  std::function<void(std::uint64_t entries)> progress;  // now and then
};

/// Not thread-safe; make one per use. Sees what was durable or nearly so when a segment was read.
class LogReader {
 public:
  /// `keys` may be null: subjects stay sealed. Must outlive the reader.
  static Result<LogReader> open(const std::filesystem::path& directory, crypto::KeyRing* keys = nullptr);
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;
  ~LogReader();

  /// Calls `each` for every entry from `first` until it returns false or the end. Stops at damage with "log_damaged".
  Result<void> each(std::uint64_t first, const std::function<bool(const Entry&)>& each);
  Result<std::vector<Entry>> query(const Filter&);
  /// The last `count`, oldest first. To follow: each(last index + 1).
  Result<std::vector<Entry>> tail(std::size_t count);

 private:
  struct Inside;
  explicit LogReader(std::unique_ptr<Inside>);
  std::unique_ptr<Inside> inside_;
};

/// Proves the log in `directory`: names the exact entry of any flipped bit and any entry missing below the checkpoint;
/// a bad last frame above it is a torn tail. Error only if nothing could be read.
Result<Report> verify(const std::filesystem::path& directory, const VerifyOptions& options = {});

}  // namespace ward::audit
