// Published data for the validation tests, as lines of gzip files.
#pragma once

#include "examples.hpp"

#include <zlib.h>
#include <string_view>

namespace ward::fhir {

/// Lines of a gzip file; none if it is not there.
inline std::vector<std::string> gzip_lines(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return {};
  std::vector<std::string> lines(1);
  std::string chunk(1 << 20, '\0');
  for (int n; (n = gzread(file, chunk.data(), static_cast<unsigned>(chunk.size()))) > 0;) {
    for (const char c : std::string_view(chunk).substr(0, static_cast<std::size_t>(n))) {
      if (c == '\n')
        lines.emplace_back();
      else
        lines.back() += c;
    }
  }
  gzclose(file);
  if (lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace ward::fhir
