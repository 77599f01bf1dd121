// Keeps the next segment ready: zero-filled and synced ahead, by its own thread. It is also the reserve on a full disk.
#pragma once

#include "segment.hpp"

#include <condition_variable>
#include <thread>

namespace ward::audit {

class Spares {
 public:
  Spares(Disk& disk, std::filesystem::path directory, std::size_t segment_bytes);
  ~Spares();

  /// Has segments up to `hot` + 1 made, from now on.
  void start(std::uint64_t hot);
  /// Waits for segment `number` and has the one behind it made. Error if it cannot be made.
  Result<void> take(std::uint64_t number);
  void stop();

 private:
  void run();
  Result<void> make(std::uint64_t number);

  Disk& disk_;
  const std::filesystem::path directory_;
  const std::size_t segment_bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t wanted_ = 0, ready_ = 0;  // highest number
  std::optional<Error> failed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ward::audit
