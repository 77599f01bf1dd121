#include "data_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <fstream>
#include <sstream>

namespace ward::app {
namespace {

Result<void> write_all(int fd, std::string_view content, const std::string& name) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno("file_write", name);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0) return fail_errno("file_write", name);
  return {};
}

Result<void> sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail_errno("file_write", directory.string());
  const bool good = ::fsync(fd) == 0;
  ::close(fd);
  if (!good) return fail_errno("file_write", directory.string());
  return {};
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const Paths& paths) {
  std::error_code error;
  const bool existed = std::filesystem::exists(paths.directory, error);
  std::filesystem::create_directories(paths.directory, error);
  if (error) return fail("directory", fmt::format("{} cannot be made: {}", paths.directory.string(), error.message()));
  if (!existed) ::chmod(paths.directory.c_str(), 0700);
  const int fd = ::open(paths.lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno("directory", paths.lock().string());
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    std::ifstream in(paths.lock());
    std::string owner;
    in >> owner;
    ::close(fd);
    return fail("directory_busy",
                fmt::format("{} is in use by process {}; stop it, or use another directory with --data",
                            paths.directory.string(), owner.empty() ? "?" : owner));
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    auto failed = fail_errno("directory", paths.lock().string());
    ::close(fd);
    return failed;
  }
  return DirectoryLock(fd);
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> write_file(const std::filesystem::path& file, std::string_view content, unsigned mode) {
  const std::filesystem::path temporary = file.string() + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return fail_errno("file_write", temporary.string());
  auto written = write_all(fd, content, temporary.string());
  ::close(fd);
  if (!written) return written;
  if (::rename(temporary.c_str(), file.c_str()) != 0) return fail_errno("file_write", file.string());
  return sync_directory(file.parent_path().empty() ? "." : file.parent_path());
}

Result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (!error && size > bytes_max)
    return fail("file_read", fmt::format("{} is larger than {} bytes", file.string(), bytes_max));
  std::ifstream in(file, std::ios::binary);
  std::stringstream content;
  content << in.rdbuf();
  if (!in)
    return fail("file_read", fmt::format("{} cannot be read; check the path and its permissions", file.string()));
  return content.str();
}

}  // namespace ward::app
