// Types, search parameters and systems as numbers, and reference targets as rows.
#pragma once

#include "sqlite.hpp"

#include <string>
#include <unordered_map>
#include <vector>

namespace ward::store {

/// Looks numbers up and remembers them (bounded). One per connection. All throw Failure.
class Names {
 public:
  explicit Names(Connection& connection) : connection_(connection) {}

  std::optional<std::int64_t> type(std::string_view name);
  std::optional<std::int64_t> param(std::int64_t type, std::string_view code);
  std::optional<std::int64_t> system(std::string_view uri);  // "": 0
  std::optional<std::int64_t> row(std::int64_t type, std::string_view id);
  /// Rows with this id of whatever type (there are some 150).
  std::vector<std::int64_t> rows_of_any_type(std::string_view id);
  std::string type_name(std::int64_t number);

  // The same for the writer: what is not there yet is made.
  std::int64_t make_type(std::string_view name);
  std::int64_t make_param(std::int64_t type, std::string_view code);
  std::int64_t make_system(std::string_view uri);
  std::int64_t make_row(std::int64_t type, std::string_view id);

  /// After a rollback numbers may be gone.
  void forget();

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  using Cache = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;
  std::int64_t remember(Cache& cache, std::string_view name, std::int64_t number);

  Connection& connection_;
  Cache types_, systems_;
  std::unordered_map<std::int64_t, Cache> params_;
  std::unordered_map<std::int64_t, std::string> type_names_;
};

/// References to absolute URLs are rows of this type; no resource has it.
inline constexpr std::string_view url_type = "url";

}  // namespace ward::store
