#include "segment.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <charconv>

namespace ward::audit {
namespace {

constexpr std::uint64_t segment_bytes_max = 4ull << 30;

std::optional<std::uint64_t> segment_number(const std::string& name) {
  if (name.size() != 14 || !name.ends_with(".seg")) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + 10, number);
  if (error != std::errc() || end != name.data() + 10) return std::nullopt;
  return number;
}

Result<Segment> look_at(const std::filesystem::path& path, std::uint64_t number) {
  auto head = read_file(path, header_bytes);
  if (!head) return std::unexpected(head.error());
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  if (error) return fail("log_failed", fmt::format("{}: {}", path.string(), error.message()));
  return Segment{.path = path,
                 .number = number,
                 .file_bytes = bytes,
                 .blank = used_bytes(*head) == 0,
                 .header = decode_header(*head)};
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
  std::vector<Segment> segments;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const auto number = segment_number(at->path().filename().string());
    if (!number) continue;
    auto segment = look_at(at->path(), *number);
    if (!segment) return std::unexpected(segment.error());
    segments.push_back(std::move(*segment));
  }
  if (error) return fail("log_failed", fmt::format("{}: {}", directory.string(), error.message()));
  std::sort(segments.begin(), segments.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
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
