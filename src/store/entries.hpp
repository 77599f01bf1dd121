// The index entries of one resource version: as one compact record that a search reads, and as rows of the index tables
// that a search starts from.
//
// An index table only has to give a superset, in order and quickly; whether a resource satisfies a condition is
// decided on its record. So hashes may collide and keys may be cut.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ward::store {

/// Names are numbers here (Names). Texts point into what was encoded or decoded.
struct Entries {
  struct Token {
    std::uint32_t param;
    std::int64_t system;
    std::string_view code;
    std::uint32_t group = 0;
  };
  struct String {
    std::uint32_t param;
    std::string_view folded, exact;
    std::uint32_t group = 0;
  };
  struct Date {
    std::uint32_t param;
    std::int64_t low, high;
    std::uint32_t group = 0;
  };
  struct Number {
    std::uint32_t param;
    double low, high;
    std::uint32_t group = 0;
  };
  struct Quantity {
    std::uint32_t param;
    std::int64_t system;
    std::string_view code, unit;
    double low, high;
    std::uint32_t group = 0;
  };
  struct Reference {
    std::uint32_t param;
    std::int64_t target;
    std::uint32_t group = 0;
  };
  struct Uri {
    std::uint32_t param;
    std::string_view value;
    std::uint32_t group = 0;
  };

  std::string_view id;
  std::int64_t updated = 0;
  std::vector<std::string_view> patients;
  std::vector<Token> tokens;
  std::vector<String> strings;
  std::vector<Date> dates;
  std::vector<Number> numbers;
  std::vector<Quantity> quantities;
  std::vector<Reference> references;
  std::vector<Uri> uris;

  void clear();
};

/// The record (docs/formats/store.md, "entry").
std::string encode(const Entries& entries);
/// False if `record` is damaged. `out` points into `record`; its room is used again.
bool decode(std::string_view record, Entries& out);

enum class Table : std::uint8_t { token, string, date, number, quantity, reference, uri };

/// One row of an index table; what `a`, `b`, `c`, `value` and `text` mean depends on the table.
struct IndexRow {
  Table table;
  std::uint32_t param;
  std::int64_t a = 0, b = 0, c = 0;
  double value = 0;
  std::string_view text;

  auto key() const { return std::tuple(table, param, a, b, c, value, text); }
  bool operator<(const IndexRow& other) const { return key() < other.key(); }
  bool operator==(const IndexRow& other) const { return key() == other.key(); }
};

/// Sorted, each once.
std::vector<IndexRow> index_rows(const Entries& entries);

inline constexpr std::size_t string_key_bytes = 64;
inline constexpr std::size_t uri_key_bytes = 200;
inline constexpr std::int64_t long_date_ms =
    32LL * 24 * 3600 * 1000;  // intervals above are kept apart: see date ranges

/// FNV-1a, 64 bits; kept on disk.
std::int64_t text_hash(std::string_view text);
/// The point that stands for an interval of a number with its precision; of one with an open side ("< 5"), that side.
inline double middle(double low, double high) {
  if (std::isinf(low)) return std::isinf(high) ? 0 : low;
  return std::isinf(high) ? high : low + (high - low) / 2;
}

}  // namespace ward::store
