// DIR: where one server keeps everything, with one owner at a time.
#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace ward::app {

/// The files of a data directory. Mode 0700; owned by whoever runs the server.
struct Paths {
  std::filesystem::path directory;

  std::filesystem::path configuration() const { return directory / "ward.toml"; }
  std::filesystem::path store() const { return directory / "store.sqlite"; }
  std::filesystem::path audit() const { return directory / "audit"; }
  std::filesystem::path keys() const { return directory / "keys.json"; }
  std::filesystem::path master_key() const { return directory / "master.key"; }
  std::filesystem::path control() const { return directory / "control.sock"; }
  std::filesystem::path lock() const { return directory / "lock"; }
  std::filesystem::path demo() const { return directory / "demo.json"; }
};

/// Ownership of a data directory, by an advisory lock that ends with the process, however it ends.
class DirectoryLock {
 public:
  /// Creates the directory if need be. Error "directory_busy" names the process that has it.
  static Result<DirectoryLock> take(const Paths& paths);
  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&&) = delete;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}
  int fd_;
};

/// Writes a file so that it is there whole or not at all: temporary file, fsync, rename, fsync of the directory.
Result<void> write_file(const std::filesystem::path& file, std::string_view content, unsigned mode = 0600);
Result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max = 64u << 20);

}  // namespace ward::app
