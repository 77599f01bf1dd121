#include "entries.hpp"

#include <bit>

namespace ward::store {
namespace {

constexpr char format_1 = 1;
constexpr char format_2 = 2;  // each entry ends with its group; written only where there is one

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(char(value | 0x80));
    out_.push_back(char(value));
  }
  void integer(std::int64_t value) { number((std::uint64_t(value) << 1) ^ std::uint64_t(value >> 63)); }  // zigzag
  void real(double value) {
    const auto bits = std::bit_cast<std::array<char, 8>>(value);
    out_.append(bits.data(), bits.size());
  }
  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }

 private:
  std::string& out_;
};

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) break;
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= std::uint64_t(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    good_ = false;
    return 0;
  }
  std::int64_t integer() {
    const std::uint64_t value = number();
    return std::int64_t(value >> 1) ^ -std::int64_t(value & 1);
  }
  double real() {
    if (end_ - at_ < 8) return good_ = false, 0.0;
    std::array<char, 8> bits;
    std::memcpy(bits.data(), at_, 8);
    at_ += 8;
    return std::bit_cast<double>(bits);
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > std::uint64_t(end_ - at_)) return good_ = false, std::string_view();
    const std::string_view value(at_, size);
    at_ += size;
    return value;
  }
  std::uint32_t param() { return std::uint32_t(number()); }
  /// Calls `read` as often as the record says, while it makes sense.
  template <class Read>
  void list(Read read) {
    for (std::uint64_t left = number(); left > 0 && good_; --left) read();
  }
  bool finished() const { return good_ && at_ == end_; }

 private:
  const char* at_;
  const char* end_;
  bool good_ = true;
};

}  // namespace

void Entries::clear() {
  patients.clear();
  tokens.clear();
  strings.clear();
  dates.clear();
  numbers.clear();
  quantities.clear();
  references.clear();
  uris.clear();
}

namespace {

bool grouped(const Entries& entries) {
  const auto any = [](const auto& list) {
    return std::ranges::any_of(list, [](const auto& e) { return e.group != 0; });
  };
  return any(entries.tokens) || any(entries.strings) || any(entries.dates) || any(entries.numbers) ||
         any(entries.quantities) || any(entries.references) || any(entries.uris);
}

}  // namespace

std::string encode(const Entries& entries) {
  std::string out;
  Writer write(out);
  const bool groups = grouped(entries);
  const auto list = [&](const auto& all, auto each) {
    write.number(all.size());
    for (const auto& e : all) {
      each(e);
      if (groups) write.number(e.group);
    }
  };
  out.push_back(groups ? format_2 : format_1);
  write.text(entries.id);
  write.integer(entries.updated);
  write.number(entries.patients.size());
  for (const auto& patient : entries.patients) write.text(patient);
  list(entries.tokens, [&](const auto& e) { write.number(e.param), write.integer(e.system), write.text(e.code); });
  list(entries.strings, [&](const auto& e) { write.number(e.param), write.text(e.folded), write.text(e.exact); });
  list(entries.dates, [&](const auto& e) { write.number(e.param), write.integer(e.low), write.integer(e.high); });
  list(entries.numbers, [&](const auto& e) { write.number(e.param), write.real(e.low), write.real(e.high); });
  list(entries.quantities, [&](const auto& e) {
    write.number(e.param), write.integer(e.system), write.text(e.code), write.text(e.unit);
    write.real(e.low), write.real(e.high);
  });
  list(entries.references, [&](const auto& e) { write.number(e.param), write.integer(e.target); });
  list(entries.uris, [&](const auto& e) { write.number(e.param), write.text(e.value); });
  return out;
}

// Braced initialisers are read from left to right, which is the order on disk.
bool decode(std::string_view record, Entries& out) {
  out.clear();
  if (record.empty() || (record[0] != format_1 && record[0] != format_2)) return false;
  const bool groups = record[0] == format_2;
  Cursor read(record.substr(1));
  const auto group = [&] { return groups ? read.param() : 0; };
  out.id = read.text();
  out.updated = read.integer();
  read.list([&] { out.patients.push_back(read.text()); });
  read.list([&] { out.tokens.push_back({read.param(), read.integer(), read.text(), group()}); });
  read.list([&] { out.strings.push_back({read.param(), read.text(), read.text(), group()}); });
  read.list([&] { out.dates.push_back({read.param(), read.integer(), read.integer(), group()}); });
  read.list([&] { out.numbers.push_back({read.param(), read.real(), read.real(), group()}); });
  read.list([&] {
    out.quantities.push_back(
        {read.param(), read.integer(), read.text(), read.text(), read.real(), read.real(), group()});
  });
  read.list([&] { out.references.push_back({read.param(), read.integer(), group()}); });
  read.list([&] { out.uris.push_back({read.param(), read.text(), group()}); });
  return read.finished();
}

std::vector<IndexRow> index_rows(const Entries& entries) {
  std::vector<IndexRow> rows;
  rows.reserve(entries.tokens.size() + entries.strings.size() + entries.dates.size() + entries.references.size() + 8);
  for (const auto& e : entries.tokens)
    rows.push_back({.table = Table::token, .param = e.param, .a = text_hash(e.code), .b = e.system});
  for (const auto& e : entries.strings)
    rows.push_back({.table = Table::string, .param = e.param, .text = e.folded.substr(0, string_key_bytes)});
  for (const auto& e : entries.dates) {
    const bool is_long = e.high > e.low && std::uint64_t(e.high) - std::uint64_t(e.low) > std::uint64_t(long_date_ms);
    rows.push_back({.table = Table::date, .param = e.param, .a = is_long, .b = e.low, .c = e.high});
  }
  for (const auto& e : entries.numbers)
    rows.push_back({.table = Table::number, .param = e.param, .value = middle(e.low, e.high)});
  for (const auto& e : entries.quantities) {
    // A search may name the code or the unit as printed.
    IndexRow row{.table = Table::quantity, .param = e.param, .a = text_hash(e.code), .value = middle(e.low, e.high)};
    if (!e.code.empty()) rows.push_back(row);
    row.a = text_hash(e.unit);
    if (!e.unit.empty() && e.unit != e.code) rows.push_back(row);
  }
  for (const auto& e : entries.references) rows.push_back({.table = Table::reference, .param = e.param, .a = e.target});
  for (const auto& e : entries.uris)
    rows.push_back({.table = Table::uri, .param = e.param, .text = e.value.substr(0, uri_key_bytes)});
  std::ranges::sort(rows, std::less<>());
  const auto twins = std::ranges::unique(rows);
  rows.erase(twins.begin(), twins.end());
  return rows;
}

std::int64_t text_hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const unsigned char byte : text) hash = (hash ^ byte) * 0x100000001b3;
  return std::int64_t(hash);
}

}  // namespace ward::store
