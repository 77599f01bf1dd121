// The order of a search's results, and the place where a page ends.
#pragma once

#include "entries.hpp"
#include "names.hpp"
#include "store/store.hpp"

namespace ward::store {

/// What a resource is sorted by: one text per sort parameter, compared as bytes. Nothing: it has no value.
struct Place {
  std::vector<std::optional<std::string>> keys;
  std::int64_t row = 0;
};

class Order {
 public:
  /// At most 3 keys: "invalid_query" otherwise. Throws Failure.
  static Result<Order> make(const Query& query, std::int64_t type, Names& names);

  bool by_row() const { return sorts_.empty(); }
  const Sort& first() const { return *sorts_.front().sort; }
  std::uint32_t first_param() const { return sorts_.front().param; }

  Place place(const Entries& entries, std::int64_t row) const;
  /// Ascending in the order of results: values missing last, then by row.
  bool before(const Place& a, const Place& b) const;

  /// Opaque text for `Page::next`, and back ("invalid_query" if it is not of this order).
  std::string write(const Place& place) const;
  Result<Place> read(std::string_view text) const;

 private:
  struct By {
    const Sort* sort;
    std::uint32_t param;
  };
  std::vector<By> sorts_;
};

inline constexpr std::size_t sort_key_bytes = 200;
/// Big-endian with the sign turned, so that bytes compare like numbers.
std::string sort_key(std::int64_t value);
std::string sort_key(double value);

}  // namespace ward::store
