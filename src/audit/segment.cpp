#include "segment.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>
#include <thread>

namespace ward::audit {
namespace {

constexpr std::uint64_t segment_bytes_max = 4ull << 30;
constexpr std::uint64_t segments_max = 1u << 20;

std::optional<std::uint64_t> segment_number(const std::string& name) {
  if (name.size() != 14 || !name.ends_with(".seg")) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + 10, number);
  if (error != std::errc() || end != name.data() + 10) return std::nullopt;
  return number;
}

constexpr int header_looks = 3;
constexpr auto header_pause = std::chrono::milliseconds(2);

Result<Segment> look_at(const std::filesystem::path& path, std::uint64_t number) {
  Segment segment{.path = path, .number = number};
  // A header that is being written while it is read looks like damage once; damage stays.
  for (int look = 0; look < header_looks; ++look) {
    if (look > 0) std::this_thread::sleep_for(header_pause);
    auto head = read_file(path, header_bytes);
    if (!head) return std::unexpected(head.error());
    segment.blank = used_bytes(*head) == 0;
    segment.header = decode_header(*head);
    if (segment.blank || segment.header) break;
  }
  std::error_code error;
  segment.file_bytes = std::filesystem::file_size(path, error);
  if (error) return fail("log_failed", fmt::format("{}: {}", path.string(), error.message()));
  return segment;
}

Result<std::set<std::uint64_t>> segment_numbers(const std::filesystem::path& directory) {
  std::set<std::uint64_t> numbers;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
    if (const auto number = segment_number(at->path().filename().string())) numbers.insert(*number);
  if (error) return fail("log_failed", fmt::format("{}: {}", directory.string(), error.message()));
  // Reading a directory that grows may give a newer name and leave out an older one.
  if (numbers.empty() || *numbers.rbegin() - *numbers.begin() > segments_max) return numbers;
  for (auto number = *numbers.begin(); number < *numbers.rbegin(); ++number)
    if (!numbers.contains(number) && std::filesystem::exists(segment_path(directory, number), error))
      numbers.insert(number);
  return numbers;
}

}  // namespace

std::filesystem::path segment_path(const std::filesystem::path& directory, std::uint64_t number) {
  return directory / fmt::format("{:010}.seg", number);
}

Result<SegmentBytes> SegmentBytes::load(const std::filesystem::path& path, bool from_disk) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return std::unexpected(file.error());
  const off_t size = ::lseek(file->get(), 0, SEEK_END);
  if (size < 0 || static_cast<std::uint64_t>(size) > segment_bytes_max)
    return fail("log_failed", fmt::format("{}: not a segment: {} bytes", path.string(), size));
  if (from_disk) ::posix_fadvise(file->get(), 0, 0, POSIX_FADV_DONTNEED);
  SegmentBytes out;
  out.size_ = static_cast<std::size_t>(size);
  out.bytes_ = std::make_unique_for_overwrite<char[]>(out.size_);
  for (std::size_t have = 0; have < out.size_;) {
    const ssize_t got = ::pread(file->get(), out.bytes_.get() + have, out.size_ - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("log_failed", fmt::format("{}: read at {}", path.string(), have));
    if (got == 0) return fail("log_failed", fmt::format("{}: became shorter while it was read", path.string()));
    have += static_cast<std::size_t>(got);
  }
  return out;
}

Result<std::vector<Segment>> list_segments(const std::filesystem::path& directory) {
  auto numbers = segment_numbers(directory);
  if (!numbers) return std::unexpected(numbers.error());
  // From the newest down: one that is blank when it is looked at has nothing behind it, however busy the writer is.
  std::vector<Segment> segments;
  for (auto number = numbers->rbegin(); number != numbers->rend(); ++number) {
    auto segment = look_at(segment_path(directory, *number), *number);
    if (!segment) return std::unexpected(segment.error());
    segments.push_back(std::move(*segment));
  }
  std::reverse(segments.begin(), segments.end());
  return segments;
}

Result<void> create_segment(Disk& disk, const std::filesystem::path& directory, std::uint64_t number,
                            std::size_t bytes) {
  const auto aside = directory / "next.tmp";
  auto file = open_file(aside, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return std::unexpected(file.error());
  if (auto written = write_zeros(disk, *file, 0, bytes, aside); !written) return written;
  if (auto synced = sync_data(disk, *file, aside); !synced) return synced;
  const auto path = segment_path(directory, number);
  if (::rename(aside.c_str(), path.c_str()) != 0)
    return fail_errno("log_failed", fmt::format("{}: rename", path.string()));
  return sync_directory(directory);
}

}  // namespace ward::audit
