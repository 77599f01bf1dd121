// The clear fields of a record as JSON members, each bounded.
#pragma once

#include "audit/record.hpp"

namespace ward::audit {

/// Appends members (with a comma before each) to `out`, and remembers whether anything had to be cut.
class ClearWriter {
 public:
  explicit ClearWriter(std::string& out) : out_(out) {}

  void fields(const Record& record);
  void text(std::string_view name, std::string_view value);
  void number(std::string_view name, std::uint64_t value);
  void flag(std::string_view name, bool value);
  bool cut() const { return cut_; }

 private:
  void roles(const std::vector<std::string>& roles);
  void types(const std::vector<std::pair<std::string, std::uint64_t>>& types);
  void detail(const std::vector<std::pair<std::string, std::string>>& detail);
  void pair(std::string_view name, std::string_view value);
  void key(std::string_view name);
  void string(std::string_view value, std::size_t bytes_max);
  void escaped(std::string_view value, std::size_t bytes_max);
  std::size_t kept(std::size_t count, std::size_t most);

  std::string& out_;
  bool cut_ = false;
};

}  // namespace ward::audit
