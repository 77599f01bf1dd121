#include "import/source.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <algorithm>

namespace ward::app {
namespace {

constexpr std::size_t document_bytes_max = 256u << 20;

bool is_lines(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.find(".ndjson") != std::string::npos || name.find(".jsonl") != std::string::npos;
}

bool is_source(const std::filesystem::path& file) {
  std::string name = file.filename().string();
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return name.ends_with(".json") || name.ends_with(".ndjson") || name.ends_with(".jsonl");
}

struct GzipFile {
  gzFile file;
  explicit GzipFile(const std::filesystem::path& path) : file(::gzopen(path.c_str(), "rb")) {
    if (file != nullptr) ::gzbuffer(file, 1u << 20);
  }
  GzipFile(const GzipFile&) = delete;
  ~GzipFile() {
    if (file != nullptr) ::gzclose(file);
  }
};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

std::string SourceDocument::where(std::size_t offset) const {
  const std::string_view before = bytes.view().substr(0, offset);
  return fmt::format("{}:{}", file, line + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')));
}

Result<std::vector<std::filesystem::path>> find_sources(const std::vector<std::filesystem::path>& given) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& path : given) {
    if (std::filesystem::is_directory(path, error)) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(path, error))
        if (entry.is_regular_file() && is_source(entry.path())) files.push_back(entry.path());
    } else if (std::filesystem::is_regular_file(path, error)) {
      files.push_back(path);
    } else {
      return fail("not_found", fmt::format("{} is not there", path.string()));
    }
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) return fail("not_found", "nothing to import: no .json, .ndjson or .gz of them was found");
  return files;
}

Result<void> each_document(const std::filesystem::path& path, const std::function<Result<void>(SourceDocument)>& each) {
  const GzipFile in(path);
  if (in.file == nullptr) return fail_errno("file_read", path.string());
  const bool lines = is_lines(path);
  Buffer document;
  std::size_t line = 1;
  std::vector<char> piece(1u << 20);
  const auto deliver = [&]() -> Result<void> {
    if (is_blank(document.view())) {
      document.clear();
      return {};
    }
    return each({path.filename().string(), line, std::exchange(document, Buffer())});
  };
  while (true) {
    const int got = ::gzread(in.file, piece.data(), static_cast<unsigned>(piece.size()));
    int state = Z_OK;
    const char* said = ::gzerror(in.file, &state);
    if (got == 0 && state == Z_BUF_ERROR)
      return fail("file_read", fmt::format("{} is damaged: it ends in the middle of line {}", path.string(), line));
    if (got < 0) return fail("file_read", fmt::format("{} is damaged near line {}: {}", path.string(), line, said));
    if (got == 0) break;
    std::string_view rest(piece.data(), static_cast<std::size_t>(got));
    while (!rest.empty()) {
      const std::size_t end = lines ? rest.find('\n') : std::string_view::npos;
      document.append(rest.substr(0, end));
      if (document.size() > document_bytes_max)
        return fail("file_read",
                    fmt::format("{}:{} is larger than {} MiB", path.string(), line, document_bytes_max >> 20));
      if (end == std::string_view::npos) break;
      if (auto done = deliver(); !done) return done;
      ++line;
      rest.remove_prefix(end + 1);
    }
  }
  return deliver();
}

}  // namespace ward::app
