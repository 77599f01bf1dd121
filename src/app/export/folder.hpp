// The files of an export: lines in, bytes and their hash out.
#pragma once

#include "base/error.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace ward::app {

/// Makes the folder (0700), or takes an empty one, or the rest of an export that was interrupted, whose files go.
/// Error "not_empty".
Result<void> take_export_folder(const std::filesystem::path& directory);
/// The folder is whole: its manifest is written, and the sign that it is not goes.
Result<void> finish_export_folder(const std::filesystem::path& directory, std::string_view manifest);

/// One file (0600), written in pieces, zstd-compressed if asked. Errors "export_failed" name the file.
class ExportFile {
 public:
  static Result<std::unique_ptr<ExportFile>> create(std::filesystem::path file, bool zst);
  ~ExportFile();
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;

  Result<void> write(std::string_view bytes);
  /// The last bytes, on disk.
  Result<void> close();
  std::uint64_t bytes() const { return bytes_; }
  /// Of all bytes in the file, as hexadecimal digits; after `close`.
  std::string sha256() const { return sha256_; }

 private:
  struct Inside;
  ExportFile(std::filesystem::path file, int fd, bool zst);
  Result<void> squeeze(std::string_view bytes, bool last);
  Result<void> put(std::string_view bytes);

  std::filesystem::path file_;
  std::unique_ptr<Inside> inside_;
  int fd_;
  std::uint64_t bytes_ = 0;
  std::string sha256_;
};

}  // namespace ward::app
