#include "cbor.hpp"

#include "base/encoding.hpp"

#include <cbor.h>
#include <limits>

namespace ward::factors::cbor {
namespace {

// What one head says. A callback that is not set below leaves `refused`.
struct Head {
  Item item;
  bool refused = true;
};

void set_number(void* head, Type type, std::uint64_t number) {
  *static_cast<Head*>(head) = {.item = {.type = type, .number = number}, .refused = false};
}
template <class Number>
void unsigned_integer(void* head, Number number) {
  set_number(head, Type::unsigned_integer, number);
}
template <class Number>
void negative_integer(void* head, Number number) {
  set_number(head, Type::negative_integer, number);
}
void set_string(void* head, Type type, cbor_data data, std::size_t size) {
  set_number(head, type, size);
  static_cast<Head*>(head)->item.string = {reinterpret_cast<const char*>(data), size};
}

cbor_callbacks make_callbacks() {
  cbor_callbacks callbacks = cbor_empty_callbacks;
  callbacks.uint8 = unsigned_integer<std::uint8_t>;
  callbacks.uint16 = unsigned_integer<std::uint16_t>;
  callbacks.uint32 = unsigned_integer<std::uint32_t>;
  callbacks.uint64 = unsigned_integer<std::uint64_t>;
  callbacks.negint8 = negative_integer<std::uint8_t>;
  callbacks.negint16 = negative_integer<std::uint16_t>;
  callbacks.negint32 = negative_integer<std::uint32_t>;
  callbacks.negint64 = negative_integer<std::uint64_t>;
  callbacks.byte_string = [](void* head, cbor_data data, std::size_t size) {
    set_string(head, Type::bytes, data, size);
  };
  callbacks.string = [](void* head, cbor_data data, std::size_t size) { set_string(head, Type::text, data, size); };
  callbacks.array_start = [](void* head, std::size_t size) { set_number(head, Type::array, size); };
  callbacks.map_start = [](void* head, std::size_t size) { set_number(head, Type::map, size); };
  callbacks.boolean = [](void* head, bool value) { set_number(head, Type::boolean, value ? 1 : 0); };
  callbacks.null = [](void* head) { set_number(head, Type::null, 0); };
  return callbacks;
}

bool same_key(const Item& a, const Item& b) {
  return a.type == b.type && (a.type == Type::text ? a.string == b.string : a.number == b.number);
}

bool is_key(const Item& item) {
  return item.type == Type::text || item.type == Type::unsigned_integer || item.type == Type::negative_integer;
}

}  // namespace

class Reader {
 public:
  explicit Reader(std::string_view source) : source_(source) {}

  bool read(unsigned depth) {
    if (depth == 0 || document_.items_.size() == Document::items_max) return false;
    const std::size_t begin = at_;
    Head head;
    if (!read_head(head)) return false;
    const std::size_t index = document_.items_.size();
    document_.items_.push_back(head.item);
    if (head.item.type == Type::text && !is_utf8(head.item.string)) return false;
    if (head.item.type == Type::array && !read_elements(head.item.number, depth)) return false;
    if (head.item.type == Type::map && !read_members(index, head.item.number, depth)) return false;
    Item& item = document_.items_[index];
    item.encoding = source_.substr(begin, at_ - begin);
    item.after = static_cast<std::uint32_t>(document_.items_.size());
    return true;
  }
  std::size_t at() const { return at_; }
  Document take() { return std::move(document_); }

 private:
  bool read_head(Head& head) {
    static const cbor_callbacks callbacks = make_callbacks();
    const auto* data = reinterpret_cast<const unsigned char*>(source_.data()) + at_;
    const cbor_decoder_result result = cbor_stream_decode(data, source_.size() - at_, &callbacks, &head);
    if (result.status != CBOR_DECODER_FINISHED || head.refused || result.read > source_.size() - at_) return false;
    at_ += result.read;
    return true;
  }
  bool read_elements(std::uint64_t count, unsigned depth) {
    for (std::uint64_t i = 0; i < count; ++i)
      if (!read(depth - 1)) return false;
    return true;
  }
  bool read_members(std::size_t map, std::uint64_t count, unsigned depth) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t key = document_.items_.size();
      if (!read(1) || !is_key(document_.items_[key]) || seen_before(map, key) || !read(depth - 1)) return false;
    }
    return true;
  }
  bool seen_before(std::size_t map, std::size_t key) const {
    const auto& items = document_.items_;
    for (std::size_t other = map + 1; other < key; other = items[other + 1].after)
      if (same_key(items[other], items[key])) return true;
    return false;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  Document document_;
};

Result<Document> Document::parse_first(std::string_view source) {
  Reader reader(source);
  if (source.empty() || !reader.read(depth_max)) return fail("cbor", "malformed, or not CTAP2's form of CBOR");
  return reader.take();
}

Result<Document> Document::parse(std::string_view source) {
  auto document = parse_first(source);
  if (document && document->root().encoding.size() != source.size())
    return fail("cbor", "there is something behind the CBOR item");
  return document;
}

template <class Fits>
const Item* Document::find(const Item* map, Fits fits) const {
  if (!is(map, Type::map)) return nullptr;
  for (std::uint32_t key = index(*map) + 1; key < map->after; key = items_[key + 1].after)
    if (fits(items_[key])) return &items_[key + 1];
  return nullptr;
}

const Item* Document::member(const Item* map, std::string_view key) const {
  return find(map, [key](const Item& item) { return item.type == Type::text && item.string == key; });
}

const Item* Document::member(const Item* map, std::int64_t key) const {
  return find(map, [key](const Item& item) { return integer(&item) == key; });
}

std::vector<const Item*> Document::elements(const Item& array) const {
  std::vector<const Item*> all;
  if (array.type != Type::array) return all;
  for (std::uint32_t at = index(array) + 1; at < array.after; at = items_[at].after) all.push_back(&items_[at]);
  return all;
}

std::optional<std::int64_t> integer(const Item* item) {
  if (item == nullptr || item->number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  const auto number = static_cast<std::int64_t>(item->number);
  if (item->type == Type::unsigned_integer) return number;
  if (item->type == Type::negative_integer) return -1 - number;
  return std::nullopt;
}

}  // namespace ward::factors::cbor
