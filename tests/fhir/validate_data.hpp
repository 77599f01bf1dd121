// Published data for the validation tests: gzip lines, and folders of files.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>
#include <zlib.h>

namespace ward::fhir {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

/// Lines of a gzip file; none if it is not there.
inline std::vector<std::string> gzip_lines(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return {};
  std::vector<std::string> lines(1);
  std::string chunk(1 << 20, '\0');
  for (int n; (n = gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()))) > 0;) {
    for (const char c : std::string_view(chunk).substr(0, static_cast<std::size_t>(n))) {
      if (c == '\n') lines.emplace_back();
      else lines.back() += c;
    }
  }
  gzclose(file);
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

/// The data that tests share and the project does not hold; tests skip without it.
inline std::filesystem::path shared_data() {
  const char* const set = std::getenv("WARD_SHARED_DATA");
  return set != nullptr ? std::filesystem::path(set) : std::filesystem::path(WARD_SOURCE_DIR) / "../shared/data";
}

}  // namespace ward::fhir
