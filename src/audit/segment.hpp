// Segment files: DIRECTORY/0000000000.seg, 0000000001.seg ... Preallocated ones have zeros where the header will be.
#pragma once

#include "disk.hpp"
#include "frame.hpp"

#include <memory>
#include <vector>

namespace ward::audit {

std::filesystem::path segment_path(const std::filesystem::path& directory, std::uint64_t number);

/// A whole segment in memory.
class SegmentBytes {
 public:
  /// `from_disk`: drops cached pages first. They may hold what an earlier failed sync lost.
  static Result<SegmentBytes> load(const std::filesystem::path& path, bool from_disk = false);
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

struct Segment {
  std::filesystem::path path;
  std::uint64_t number = 0;
  std::uint64_t file_bytes = 0;
  bool blank = false;            // the header is all zeros
  std::optional<Header> header;  // of a good one
};
/// All of them by number, with their headers.
Result<std::vector<Segment>> list_segments(const std::filesystem::path& directory);

/// A zero-filled one under its final name, synced with its directory.
Result<void> create_segment(Disk&, const std::filesystem::path& directory, std::uint64_t number, std::size_t bytes);

}  // namespace ward::audit
