#include "export/folder.hpp"

#include "base/encoding.hpp"
#include "data_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

namespace ward::app {
namespace {

constexpr const char* unfinished = "export.unfinished";
constexpr int level = 3;

bool is_ours(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.ends_with(".ndjson") || name.ends_with(".ndjson.zst") || name == "manifest.json" || name == unfinished;
}

Result<void> remove_rest(const std::filesystem::path& directory) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (!is_ours(entry.path()))
      return fail("not_empty", fmt::format("{} holds files that are no export's", directory.string()));
    if (entry.path().filename() != unfinished && !std::filesystem::remove(entry.path(), error))
      return fail("export_failed", fmt::format("{} cannot be removed", entry.path().string()));
  }
  return {};
}

}  // namespace

Result<void> take_export_folder(const std::filesystem::path& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("export_failed", directory.string());
  struct stat state{};
  if (::lstat(directory.c_str(), &state) != 0 || !S_ISDIR(state.st_mode))
    return fail("export_failed", fmt::format("{} is no folder", directory.string()));
  std::error_code error;
  if (std::filesystem::exists(directory / unfinished, error)) {
    if (auto removed = remove_rest(directory); !removed) return removed;
  } else if (!std::filesystem::is_empty(directory, error) || error) {
    return fail("not_empty", fmt::format("{} is not empty; name a new folder", directory.string()));
  }
  if (::chmod(directory.c_str(), 0700) != 0) return fail_errno("export_failed", directory.string());
  return write_file(directory / unfinished, "");
}

Result<void> finish_export_folder(const std::filesystem::path& directory, std::string_view manifest) {
  if (auto written = write_file(directory / "manifest.json", manifest); !written) return written;
  std::error_code error;
  std::filesystem::remove(directory / unfinished, error);
  return error ? Result<void>(fail("export_failed", fmt::format("{}: {}", directory.string(), error.message())))
               : Result<void>();
}

struct ExportFile::Inside {
  EVP_MD_CTX* hash = ::EVP_MD_CTX_new();
  ZSTD_CCtx* zstd = nullptr;
  std::string out;

  explicit Inside(bool zst) {
    ::EVP_DigestInit_ex(hash, ::EVP_sha256(), nullptr);
    if (!zst) return;
    zstd = ::ZSTD_createCCtx();
    ::ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, level);
    ::ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    out.resize(::ZSTD_CStreamOutSize());
  }
  Inside(const Inside&) = delete;
  ~Inside() {
    ::EVP_MD_CTX_free(hash);
    ::ZSTD_freeCCtx(zstd);
  }
};

Result<std::unique_ptr<ExportFile>> ExportFile::create(std::filesystem::path file, bool zst) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno("export_failed", file.string());
  return std::unique_ptr<ExportFile>(new ExportFile(std::move(file), fd, zst));
}

ExportFile::ExportFile(std::filesystem::path file, int fd, bool zst)
    : file_(std::move(file)), inside_(std::make_unique<Inside>(zst)), fd_(fd) {}

ExportFile::~ExportFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> ExportFile::write(std::string_view bytes) {
  return inside_->zstd == nullptr ? put(bytes) : squeeze(bytes, false);
}

Result<void> ExportFile::squeeze(std::string_view bytes, bool last) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  while (true) {
    ZSTD_outBuffer out{inside_->out.data(), inside_->out.size(), 0};
    const std::size_t rest = ::ZSTD_compressStream2(inside_->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    if (::ZSTD_isError(rest) != 0) return fail("export_failed", fmt::format("{}: zstd failed", file_.string()));
    if (auto done = put({inside_->out.data(), out.pos}); !done) return done;
    if (last ? rest == 0 : in.pos == in.size) return {};
  }
}

Result<void> ExportFile::put(std::string_view bytes) {
  ::EVP_DigestUpdate(inside_->hash, bytes.data(), bytes.size());
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd_, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return fail_errno("export_failed", file_.string());
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

Result<void> ExportFile::close() {
  if (inside_->zstd != nullptr)
    if (auto done = squeeze({}, true); !done) return done;
  unsigned char hash[32];
  ::EVP_DigestFinal_ex(inside_->hash, hash, nullptr);
  sha256_ = hex_encode({reinterpret_cast<const char*>(hash), sizeof hash});
  const bool synced = ::fsync(fd_) == 0;
  const bool closed = ::close(std::exchange(fd_, -1)) == 0;
  return synced && closed ? Result<void>() : Result<void>(fail_errno("export_failed", file_.string()));
}

}  // namespace ward::app
