// CBOR (RFC 8949) as authenticators make it: CTAP2's canonical form, read into a flat tree. libcbor reads the heads of
// items; what they amount to is bounded here before anything is allocated for it.
//
// Refused: indefinite lengths, tags, floats, `undefined`, more than `depth_max` levels or `items_max` items, text that
// is not UTF-8, a key twice, keys that are no integers or text.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ward::factors::cbor {

enum class Type : std::uint8_t { unsigned_integer, negative_integer, bytes, text, array, map, boolean, null };

struct Item {
  Type type = Type::null;
  std::uint64_t number = 0;   // unsigned: the value; negative: -1 - value; boolean: 0 or 1; array, map: their length
  std::string_view string;    // of bytes and text
  std::string_view encoding;  // the item's own bytes
  std::uint32_t after = 0;    // index of the item behind this one and all that it holds
};

/// Items in the order of the source, which must outlive them: a map's key is followed by its value.
class Document {
 public:
  static constexpr unsigned depth_max = 8;
  static constexpr std::size_t items_max = 256;

  /// One item and nothing behind it. Error "cbor"; its message holds nothing of the source.
  static Result<Document> parse(std::string_view source);
  /// One item, with whatever behind it: `root().encoding` tells where it ends.
  static Result<Document> parse_first(std::string_view source);

  const Item& root() const { return items_.front(); }
  /// A map's value; null if `map` is null, no map, or has no such key.
  const Item* member(const Item* map, std::string_view key) const;
  const Item* member(const Item* map, std::int64_t key) const;
  std::vector<const Item*> elements(const Item& array) const;

 private:
  friend class Reader;
  template <class Fits>
  const Item* find(const Item* map, Fits fits) const;
  std::uint32_t index(const Item& item) const { return static_cast<std::uint32_t>(&item - items_.data()); }
  std::vector<Item> items_;
};

/// An integer's value where it fits into 64 bits.
std::optional<std::int64_t> integer(const Item* item);
/// True if `item` is there and of this type.
inline bool is(const Item* item, Type type) { return item != nullptr && item->type == type; }

}  // namespace ward::factors::cbor
