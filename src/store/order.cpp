#include "order.hpp"

#include "base/encoding.hpp"

#include <bit>

namespace ward::store {
namespace {

constexpr std::size_t sorts_max = 3;

std::string big_endian(std::uint64_t bits) {
  std::string out(8, '\0');
  for (int i = 7; i >= 0; --i, bits >>= 8) out[std::size_t(i)] = char(bits & 0xFF);
  return out;
}

std::optional<std::uint64_t> from_big_endian(std::string_view& text) {
  if (text.size() < 8) return std::nullopt;
  std::uint64_t bits = 0;
  for (const char c : text.substr(0, 8)) bits = bits << 8 | static_cast<unsigned char>(c);
  text.remove_prefix(8);
  return bits;
}

/// The least or greatest of several keys.
class Best {
 public:
  explicit Best(bool greatest) : greatest_(greatest) {}
  void offer(std::string key) {
    if (!best_ || (greatest_ ? key > *best_ : key < *best_)) best_ = std::move(key);
  }
  std::optional<std::string> take() { return std::move(best_); }

 private:
  bool greatest_;
  std::optional<std::string> best_;
};

std::optional<std::string> key_of(const Entries& entries, std::uint32_t param, bool greatest) {
  Best best(greatest);
  const auto each = [&](const auto& list, auto key) {
    for (const auto& e : list)
      if (e.param == param) best.offer(key(e));
  };
  each(entries.dates, [](const auto& e) { return sort_key(e.low); });
  each(entries.strings, [](const auto& e) { return std::string(e.folded.substr(0, sort_key_bytes)); });
  each(entries.tokens, [](const auto& e) { return std::string(e.code.substr(0, sort_key_bytes)); });
  each(entries.numbers, [](const auto& e) { return sort_key(middle(e.low, e.high)); });
  each(entries.quantities, [](const auto& e) { return sort_key(middle(e.low, e.high)); });
  each(entries.references, [](const auto& e) { return sort_key(e.target); });
  each(entries.uris, [](const auto& e) { return std::string(e.value.substr(0, sort_key_bytes)); });
  return best.take();
}

}  // namespace

std::string sort_key(std::int64_t value) { return big_endian(std::uint64_t(value) ^ (1ULL << 63)); }

std::string sort_key(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return big_endian(bits >> 63 ? ~bits : bits ^ (1ULL << 63));
}

Result<Order> Order::make(const Query& query, std::int64_t type, Names& names) {
  if (query.sort.size() > sorts_max) return fail("invalid_query", "store: a search sorts by 3 parameters at most");
  Order order;
  for (const Sort& sort : query.sort)
    order.sorts_.push_back({&sort, std::uint32_t(names.param(type, sort.param).value_or(0))});
  return order;
}

Place Order::place(const Entries& entries, std::int64_t row) const {
  Place place{.keys = {}, .row = row};
  for (const By& by : sorts_) {
    if (by.sort->param == "_id") place.keys.emplace_back(std::string(entries.id));
    else if (by.sort->param == "_lastUpdated") place.keys.emplace_back(sort_key(entries.updated));
    else if (by.param == 0) place.keys.emplace_back(std::nullopt);
    else place.keys.push_back(key_of(entries, by.param, by.sort->descending));
  }
  return place;
}

bool Order::before(const Place& a, const Place& b) const {
  for (std::size_t i = 0; i < sorts_.size(); ++i) {
    const auto &left = a.keys[i], &right = b.keys[i];
    if (left.has_value() != right.has_value()) return left.has_value();
    if (!left || *left == *right) continue;
    return (*left < *right) != sorts_[i].sort->descending;
  }
  return a.row < b.row;
}

std::string Order::write(const Place& place) const {
  std::string out = big_endian(std::uint64_t(place.row));
  for (const auto& key : place.keys) {
    out.push_back(key ? char(key->size() + 1) : '\0');
    if (key) out.append(*key);
  }
  return base64url_encode(out);
}

Result<Place> Order::read(std::string_view text) const {
  const auto bad = [] { return fail("invalid_query", "store: the place to go on from is not of this search"); };
  const auto bytes = base64url_decode(text);
  if (!bytes) return bad();
  std::string_view rest = *bytes;
  const auto row = from_big_endian(rest);
  if (!row) return bad();
  Place place{.keys = {}, .row = std::int64_t(*row)};
  while (!rest.empty()) {
    const std::size_t size = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    if (size == 0) {
      place.keys.emplace_back(std::nullopt);
      continue;
    }
    if (size - 1 > rest.size()) return bad();
    place.keys.emplace_back(std::string(rest.substr(0, size - 1)));
    rest.remove_prefix(size - 1);
  }
  if (place.keys.size() != sorts_.size()) return bad();
  return place;
}

static_assert(sort_key_bytes < 255);  // its size fits in one byte

}  // namespace ward::store
