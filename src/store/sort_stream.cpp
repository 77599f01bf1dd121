#include "sort_stream.hpp"

#include "order.hpp"

namespace ward::store {
namespace {

using Kind = SortStream::Kind;

// ?1 is the type or the parameter, ?2 the key to start from.
constexpr SortStream streams[] = {
    {Kind::updated, true, false,
     "SELECT row, updated FROM resource WHERE type = ?1 AND live = 1 AND updated >= ?2 ORDER BY updated",
     "SELECT row, updated FROM resource WHERE type = ?1 AND live = 1 AND updated <= ?2 ORDER BY updated DESC"},
    {Kind::id, true, false,
     "SELECT row, id FROM resource WHERE type = ?1 AND live = 1 AND id >= ?2 ORDER BY id",
     "SELECT row, id FROM resource WHERE type = ?1 AND live = 1 AND id <= ?2 ORDER BY id DESC"},
    {Kind::date, false, false,
     "SELECT row, low FROM date WHERE param = ?1 AND long = 0 AND low >= ?2 UNION ALL "
     "SELECT row, low FROM date WHERE param = ?1 AND long = 1 AND low >= ?2 ORDER BY 2",
     "SELECT row, low FROM date WHERE param = ?1 AND long = 0 AND low <= ?2 UNION ALL "
     "SELECT row, low FROM date WHERE param = ?1 AND long = 1 AND low <= ?2 ORDER BY 2 DESC"},
    {Kind::string, false, true,
     "SELECT row, value FROM string WHERE param = ?1 AND value >= ?2 ORDER BY value",
     "SELECT row, value FROM string WHERE param = ?1 AND value <= ?2 ORDER BY value DESC"},
};

const SortStream& stream_of(Kind kind) { return streams[std::size_t(kind)]; }

std::int64_t number_of(std::string_view key) {
  std::uint64_t bits = 0;
  for (const char c : key.substr(0, 8)) bits = bits << 8 | static_cast<unsigned char>(c);
  return std::int64_t(bits ^ (1ULL << 63));
}

}  // namespace

std::string SortStream::key(const Run& run) const {
  if (kind == Kind::id) return std::string(run.text(1));
  if (kind == Kind::string) return std::string(run.blob(1));
  return sort_key(run.integer(1));
}

const SortStream* find_sort_stream(const Sort& sort, std::uint32_t param, Connection& connection) {
  if (sort.param == "_lastUpdated") return &stream_of(Kind::updated);
  if (sort.param == "_id") return &stream_of(Kind::id);
  if (connection.number("SELECT 1 FROM date WHERE param = ?1 LIMIT 1", std::int64_t(param))) return &stream_of(Kind::date);
  if (connection.number("SELECT 1 FROM string WHERE param = ?1 LIMIT 1", std::int64_t(param))) return &stream_of(Kind::string);
  return nullptr;
}

Run open_sort_stream(const SortStream& stream, const Sort& sort, std::int64_t type, std::uint32_t param,
                     const std::optional<std::string>& from, Connection& connection) {
  static constexpr std::string_view behind_all_text = "\xff";  // in no UTF-8 text
  Run run = connection.query(sort.descending ? stream.descending : stream.ascending);
  const bool of_type = stream.kind == Kind::updated || stream.kind == Kind::id;
  run.bind(1, of_type ? type : std::int64_t(param));
  const std::string_view text = from ? std::string_view(*from) : sort.descending ? behind_all_text : std::string_view();
  if (stream.kind == Kind::id) run.bind(2, text);
  else if (stream.kind == Kind::string) run.bind(2, Blob{text.substr(0, string_key_bytes)});
  else run.bind(2, from ? number_of(*from) : sort.descending ? INT64_MAX : INT64_MIN);
  return run;
}

std::vector<Sql> sort_statements() {
  std::vector<Sql> all;
  for (const SortStream& stream : streams) all.push_back(stream.ascending), all.push_back(stream.descending);
  return all;
}

}  // namespace ward::store
