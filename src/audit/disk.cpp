#include "disk.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <array>
#include <cerrno>

namespace ward::audit {

long Disk::pwrite(int file, const char* bytes, std::size_t count, std::uint64_t offset) {
  return ::pwrite(file, bytes, count, static_cast<off_t>(offset));
}

int Disk::fdatasync(int file) { return ::fdatasync(file); }

Disk& Disk::real() {
  static Disk disk;
  return disk;
}

File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<File> open_file(const std::filesystem::path& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (descriptor < 0) return fail_errno("log_failed", fmt::format("{}: cannot open", path.string()));
  return File(descriptor);
}

Result<void> write_all(Disk& disk, const File& file, std::string_view bytes, std::uint64_t offset,
                       const std::filesystem::path& name) {
  while (!bytes.empty()) {
    const long wrote = disk.pwrite(file.get(), bytes.data(), bytes.size(), offset);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote == 0) errno = ENOSPC;
    if (wrote <= 0)
      return fail_errno("log_failed", fmt::format("{}: write of {} bytes at {}", name.string(), bytes.size(), offset));
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
    offset += static_cast<std::uint64_t>(wrote);
  }
  return {};
}

Result<void> write_zeros(Disk& disk, const File& file, std::uint64_t offset, std::uint64_t count,
                         const std::filesystem::path& name) {
  static constexpr std::array<char, 256 * 1024> zeros{};
  while (count > 0) {
    const std::uint64_t piece = std::min<std::uint64_t>(count, zeros.size());
    if (auto written = write_all(disk, file, {zeros.data(), piece}, offset, name); !written) return written;
    offset += piece;
    count -= piece;
  }
  return {};
}

Result<void> sync_data(Disk& disk, const File& file, const std::filesystem::path& name) {
  if (disk.fdatasync(file.get()) != 0) return fail_errno("log_failed", fmt::format("{}: fdatasync", name.string()));
  return {};
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  auto file = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (!file) return std::unexpected(file.error());
  if (::fsync(file->get()) != 0)
    return fail_errno("log_failed", fmt::format("{}: fsync of the directory", directory.string()));
  return {};
}

Result<void> replace_file(Disk& disk, const std::filesystem::path& path, std::string_view content, unsigned mode) {
  std::filesystem::path aside = path;
  aside += ".tmp";
  auto file = open_file(aside, O_WRONLY | O_CREAT | O_TRUNC);
  if (!file) return std::unexpected(file.error());
  if (::fchmod(file->get(), mode) != 0) return fail_errno("log_failed", fmt::format("{}: chmod", aside.string()));
  if (auto written = write_all(disk, *file, content, 0, aside); !written) return written;
  if (auto synced = sync_data(disk, *file, aside); !synced) return synced;
  if (::rename(aside.c_str(), path.c_str()) != 0)
    return fail_errno("log_failed", fmt::format("{}: rename", aside.string()));
  return sync_directory(path.parent_path());
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return std::unexpected(file.error());
  std::string content(bytes_max, '\0');
  std::size_t have = 0;
  while (have < bytes_max) {
    const ssize_t got = ::pread(file->get(), content.data() + have, bytes_max - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("log_failed", fmt::format("{}: read", path.string()));
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.resize(have);
  return content;
}

}  // namespace ward::audit
