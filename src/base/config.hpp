// Reading ward.toml: typed, with file and line, all problems at once, and a suggestion for every unknown key.
#pragma once

#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::config {

/// "ward.toml:41: route.ehr.upstream: not encrypted: use https, or set allow_plaintext = \"loopback\" ..."
struct Problem {
  std::string file;
  unsigned line = 0;
  std::string message;
  std::string text() const;
};

namespace detail {
struct Node;
struct Shared;
}  // namespace detail

/// One table of the file. Each getter marks its key as known; what was never asked for is reported by
/// Document::finish as an unknown key with the nearest known one. A value of the wrong kind is a problem and reads as
/// the default, so that one run finds all problems. Cheap to copy; lives no longer than its Document.
class Section {
 public:
  bool exists() const;              // false for a table that is not in the file (getters give defaults)
  const std::string& path() const;  // "route.ehr"
  unsigned line() const;
  std::string where(
      std::string_view key) const;  // "ward.toml:41", of that key or of the table: the policy line that a cause names

  bool has(std::string_view key) const;  // marks the key as known
  std::string text(std::string_view key, std::string_view otherwise = "") const;
  bool flag(std::string_view key, bool otherwise) const;
  std::int64_t integer(std::string_view key, std::int64_t otherwise, std::int64_t least, std::int64_t most) const;
  double number(std::string_view key, double otherwise) const;
  std::vector<std::string> texts(std::string_view key,
                                 std::vector<std::string> otherwise = {}) const;  // an array of strings, or one string
  /// "250 ms", "10 s", "5 min", "12 h", "30 days".
  std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds otherwise) const;
  /// "512 B", "32 KiB", "8 MiB", "1 GiB".
  std::uint64_t bytes(std::string_view key, std::uint64_t otherwise) const;
  /// "100/s", "600/min", "10000/h": events per second.
  double rate(std::string_view key, double per_second_otherwise) const;
  /// One of `allowed`, else a problem that lists them.
  std::string choice(std::string_view key, std::vector<std::string_view> allowed, std::string_view otherwise) const;

  Section section(std::string_view key) const;                // a table inside; exists() may be false
  std::vector<Section> sections(std::string_view key) const;  // [[array of tables]]
  /// Names of the tables or keys inside (for [route.NAME]); marks them as known.
  std::vector<std::string> names() const;
  bool is_section(std::string_view key) const;

  /// Reports something wrong with a key's value: `message` says what to do.
  void problem(std::string_view key, std::string message) const;

 private:
  friend class Document;
  std::shared_ptr<detail::Node> node_;
};

class Document {
 public:
  /// Reads a file. A syntax error is the one problem, with its line. `overlays` are laid over it, table by table, key
  /// by key.
  static std::expected<Document, std::vector<Problem>> read(const std::filesystem::path& file,
                                                            const std::vector<std::filesystem::path>& overlays = {});
  static std::expected<Document, std::vector<Problem>> parse(std::string_view toml, std::string_view file_name);

  Section root() const;
  /// All problems so far and every unknown key, by line. Empty means good.
  std::vector<Problem> finish() const;

 private:
  std::shared_ptr<detail::Shared> shared_;
};

/// The nearest of `known` to `word` within a third of its letters wrong, for "did you mean"; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace ward::config
