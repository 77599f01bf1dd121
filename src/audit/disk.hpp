// The few calls that reach the disk, behind a seam so that a test can make them fail. The real ones are plain pwrite
// and fdatasync of a dynamically linked libc: fault injectors must see them.
#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace ward::audit {

class Disk {
 public:
  virtual ~Disk() = default;
  /// As pwrite(2) and fdatasync(2): -1 and errno on failure; a write may be short.
  virtual long pwrite(int file, const char* bytes, std::size_t count, std::uint64_t offset);
  virtual int fdatasync(int file);
  static Disk& real();
};

/// An open file descriptor, closed once.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~File();
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

Result<File> open_file(const std::filesystem::path& path, int flags);
/// All of it, or an error that names the file.
Result<void> write_all(Disk&, const File&, std::string_view bytes, std::uint64_t offset,
                       const std::filesystem::path& name);
Result<void> write_zeros(Disk&, const File&, std::uint64_t offset, std::uint64_t count,
                         const std::filesystem::path& name);
Result<void> sync_data(Disk&, const File&, const std::filesystem::path& name);
Result<void> sync_directory(const std::filesystem::path& directory);
/// Written aside, synced, renamed over `path`, and the directory synced.
Result<void> replace_file(Disk&, const std::filesystem::path& path, std::string_view content, unsigned mode);
/// At most `bytes_max` bytes. Error "log_failed".
Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

}  // namespace ward::audit
