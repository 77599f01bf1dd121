#include "master_key.hpp"

#include "base/encoding.hpp"
#include "seal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>

namespace ward::crypto {
namespace {

constexpr std::size_t output_bytes_max = 4096;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(const File&) = delete;
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<void> sync_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const File fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || ::fsync(fd.get()) != 0) return fail_errno("io", folder.string() + ": cannot be synced");
  return {};
}

Result<Secret<std::string>> decode(std::string_view text, const std::string& where) {
  const auto first = text.find_first_not_of(" \t\r\n");
  const auto last = text.find_last_not_of(" \t\r\n");
  const std::string_view trimmed = first == text.npos ? std::string_view() : text.substr(first, last - first + 1);
  auto key = base64_decode(trimmed);
  if (!key || key->size() != aes_key_bytes)
    return fail(
        "master_key",
        where + ": the master key must be 32 bytes in base64 (44 characters), as `openssl rand -base64 32` prints");
  return Secret<std::string>(std::move(*key));
}

Result<Secret<std::string>> from_command(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "re");
  if (pipe == nullptr) return fail_errno("master_key", "the master key's command cannot be started");
  std::string output(output_bytes_max, '\0');
  const std::size_t size = std::fread(output.data(), 1, output.size(), pipe);
  const int status = ::pclose(pipe);
  const Secret<std::string> text(std::move(output));
  if (status != 0) {
    const std::string how =
        WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status)) : std::string("a signal");
    return fail("master_key", "the master key's command ended with " + how + "; run it by hand to see why");
  }
  return decode(std::string_view(text.reveal()).substr(0, size), "the master key's command");
}

}  // namespace

Result<Secret<std::string>> read_private_file(const std::filesystem::path& file, std::size_t bytes_max,
                                              std::string_view what) {
  const File fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  const std::string name = file.string();
  if (fd.get() < 0)
    return fail_errno(errno == ENOENT ? "absent" : "io", name + ": the " + std::string(what) + " cannot be opened");
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("io", name);
  if (!S_ISREG(status.st_mode)) return fail("io", name + ": the " + std::string(what) + " is not a plain file");
  if ((status.st_mode & 077) != 0)
    return fail("permissions",
                name + ": others than its owner may use the " + std::string(what) + "; run: chmod 600 " + name);
  if (status.st_uid != ::geteuid() && status.st_uid != 0)
    return fail("permissions", name + ": the " + std::string(what) + " belongs to another user; run: chown " +
                                   std::to_string(::geteuid()) + " " + name);

  std::string content(bytes_max + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = ::read(fd.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("io", name);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > bytes_max) return fail("io", name + ": the " + std::string(what) + " is too large");
  content.resize(size);
  return Secret<std::string>(std::move(content));
}

Result<void> replace_file(const std::filesystem::path& file, std::string_view content) {
  const std::filesystem::path fresh = file.string() + ".new";
  ::unlink(fresh.c_str());  // left by a crash
  {
    const File fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd.get() < 0) return fail_errno("io", fresh.string() + ": cannot be created");
    if (!write_all(fd.get(), content) || ::fsync(fd.get()) != 0) {
      auto error = fail_errno("io", fresh.string() + ": cannot be written");
      ::unlink(fresh.c_str());
      return error;
    }
  }
  if (::rename(fresh.c_str(), file.c_str()) != 0) {
    auto error = fail_errno("io", file.string() + ": cannot be replaced");
    ::unlink(fresh.c_str());
    return error;
  }
  return sync_folder(file);
}

Result<Secret<std::string>> read_master_key(const MasterKeySource& source, bool create, Random& random) {
  if (!source.command.empty()) return from_command(source.command);
  auto content = read_private_file(source.file, output_bytes_max, "master key");
  if (!content && content.error().is("absent") && create) {
    const Secret<std::string> text(base64_encode(Secret<std::string>(random.bytes(aes_key_bytes)).reveal()) + "\n");
    if (auto made = replace_file(source.file, text.reveal()); !made) return std::unexpected(made.error());
    content = read_private_file(source.file, output_bytes_max, "master key");
  }
  if (!content && content.error().is("absent"))
    return fail("master_key",
                source.file.string() + ": there is no master key; put back the one that the key ring was made with");
  if (!content) return fail("master_key", content.error().message());
  return decode(content->reveal(), source.file.string());
}

}  // namespace ward::crypto
