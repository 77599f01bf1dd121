#include "lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

namespace ward::audit {

Result<File> lock_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory / "checkpoints", error);
  if (error) return fail("log_failed", fmt::format("{}: cannot create: {}", directory.string(), error.message()));
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  auto file = open_file(directory / "lock", O_RDWR | O_CREAT);
  if (!file) return file;
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0)
    return fail("log_locked", fmt::format("{}: another process has this log open; stop it first", directory.string()));
  return file;
}

}  // namespace ward::audit
