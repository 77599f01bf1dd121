// What a log's files say when nobody writes: where to go on, or what is damaged.
#pragma once

#include "checkpoint.hpp"
#include "segment.hpp"

#include <set>

namespace ward::audit {

/// Where the next frame goes.
struct Position {
  std::uint64_t segment = 0;
  std::size_t offset = header_bytes;
  std::uint64_t next = 0;  // index
  Chain chain{};
};

struct TornTail {
  std::filesystem::path file;
  std::size_t offset = 0;
  std::size_t bytes = 0;
  std::uint64_t index = 0;
};

struct Recovered {
  LogId log{};
  Position end;
  std::size_t segment_capacity = 0;
  std::set<std::uint64_t> open;  // INTENTs without OUTCOME
  std::optional<TornTail> torn;  // not yet zeroed
  std::optional<Checkpoint> checkpoint;
};

/// Nothing if there is no log yet. Error "log_damaged" names file, offset and index.
Result<std::optional<Recovered>> recover(const std::filesystem::path& directory,
                                         const std::vector<std::string>& public_keys);

/// Makes the torn tail zeros again, durably.
Result<void> zero_tail(Disk&, const TornTail&);

/// Keeps `open` up to date by one more record (its first bytes say whether it is an INTENT or an OUTCOME).
void note_intent(std::set<std::uint64_t>& open, std::uint64_t index, std::string_view record);

}  // namespace ward::audit
