// Frames records into the hot segment: one write, one fdatasync, or nothing is believed.
#pragma once

#include "item.hpp"
#include "recovery.hpp"
#include "spares.hpp"

#include <functional>
#include <span>

namespace ward::audit {

/// Not thread-safe: the sequencer's thread owns it.
class Writer {
 public:
  /// Called after each successful sync with the new end, the synced records' count and bytes, and the sync's seconds.
  struct Synced {
    Position end;
    std::uint64_t frames = 0, bytes = 0;
    double seconds = 0;
  };
  Writer(Disk& disk, std::filesystem::path directory, Spares& spares);

  /// Begins a log with its first segment's header, or goes on where recovery ended.
  Result<void> create(const LogId& log, std::uint64_t first_index, const Chain& chain_before);
  Result<void> resume(const LogId& log, const Position& end);

  /// Writes the parts of `items` in order and sets their index. After an error only what `end()` covers is durable, and
  /// nothing more is written until `reopen`.
  Result<void> write(std::span<std::unique_ptr<Item>> items, const std::function<void(const Synced&)>& synced);

  /// Reads the hot segment from disk, proves that it ends where it was last durable, and zeroes what the failed write
  /// may have left behind it.
  Result<void> reopen();

  const Position& end() const { return end_; }

 private:
  Result<void> add(std::string_view record, const std::function<void(const Synced&)>& synced);
  Result<void> flush(const std::function<void(const Synced&)>& synced);
  Result<void> roll();
  Result<void> open_segment(std::uint64_t number);
  Result<void> clear_attempt(std::uint64_t segment, std::size_t from);

  Disk& disk_;
  const std::filesystem::path directory_;
  Spares& spares_;
  LogId log_{};
  Position end_;  // durable
  // The write being put together: where it begins, and where the log will end with it.
  File file_;
  std::filesystem::path path_;
  std::size_t capacity_ = 0;
  std::uint32_t seed_ = 0;
  std::string buffer_;
  std::size_t write_at_ = 0;
  std::uint32_t frames_ = 0;
  Position staged_;
};

}  // namespace ward::audit
