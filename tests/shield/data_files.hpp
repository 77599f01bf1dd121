// Reading the tables beside the tests.
#pragma once

#include <fstream>
#include <string>
#include <vector>

namespace ward::shield {

inline std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(std::string(SHIELD_TEST_DATA) + "/" + file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Columns between tabs.
inline std::vector<std::vector<std::string>> rows_of(const std::string& file) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& line : lines_of(file)) {
    std::vector<std::string> row(1);
    for (const char c : line) c == '\t' ? row.emplace_back().clear() : row.back().push_back(c);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace ward::shield
