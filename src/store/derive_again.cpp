#include "derive_again.hpp"

#include "apply.hpp"
#include "sqlite.hpp"

namespace ward::store {
namespace {

constexpr int busy_ms = 5000;

void replace(Connection& connection, std::int64_t source, const std::vector<Relationship>& rows) {
  connection.execute("DELETE FROM relationship WHERE source = ?1", source);
  for (const Relationship& r : rows)
    connection.execute(
        "INSERT OR IGNORE INTO relationship(person, kind, patient, source, from_ms, until_ms) VALUES(?1, ?2, ?3, ?4, "
        "?5, ?6)",
        r.person, r.kind, r.patient, source, r.from_ms, r.until_ms);
}

std::size_t go_through(Connection& connection, std::string_view type, const Derive& derive) {
  std::size_t count = 0;
  Run run = connection.query(
      "SELECT row, body FROM resource WHERE live = 1 AND type = (SELECT number FROM type WHERE name = ?1)", type);
  for (; run.step(); ++count) replace(connection, run.integer(0), derive(run.blob(1)));
  return count;
}

struct Found {
  std::int64_t row;
  std::string type, id, body;
};

/// The next live resources behind a row.
std::vector<Found> some_behind(Connection& connection, std::int64_t row, std::size_t most) {
  std::vector<Found> found;
  Run run = connection.query(
      "SELECT r.row, t.name, r.id, r.body FROM resource r CROSS JOIN type t ON t.number = r.type WHERE r.row > ?1 AND "
      "r.live = 1 ORDER BY r.row LIMIT ?2",
      row, std::int64_t(most));
  while (run.step())
    found.push_back({run.integer(0), std::string(run.text(1)), std::string(run.text(2)), std::string(run.blob(3))});
  return found;
}

void keep(Connection& connection, std::string_view key, std::int64_t value) {
  connection.execute("INSERT OR REPLACE INTO about(name, value) VALUES(?1, ?2)", key, value);
}

constexpr std::string_view index_rules = "rules:index", index_done = "rules:index:row";

}  // namespace

Result<std::size_t> index_again(const Options& options, std::int64_t rules, const IndexOf& index_of) {
  constexpr std::size_t at_once = 1'000;
  try {
    Connection connection(options.file, Connection::Mode::write, options.cache_bytes, busy_ms);
    const auto kept = [&](std::string_view key) {
      return connection.number("SELECT value FROM about WHERE name = ?1", key).value_or(0);
    };
    if (kept(index_rules) >= rules) return 0;
    Applier applier(connection);
    std::size_t count = 0;
    for (std::vector<Found> found;;) {
      found = some_behind(connection, kept(index_done), at_once);
      if (found.empty()) break;
      connection.execute("BEGIN IMMEDIATE");
      for (const Found& one : found)
        if (const auto index = index_of(one.type, one.id, one.body)) applier.index_again(one.row, one.type, *index);
      keep(connection, index_done, found.back().row);
      connection.execute("COMMIT");
      count += found.size();
    }
    connection.execute("BEGIN IMMEDIATE");
    keep(connection, index_rules, rules);
    connection.execute("DELETE FROM about WHERE name = ?1", index_done);
    connection.execute("COMMIT");
    return count;
  } catch (const Failure& failure) {
    return fail_with(failure, fmt::format("{}: the index could not be made anew", options.file.string()));
  }
}

Result<std::size_t> derive_again(const Options& options, std::string_view type, std::int64_t rules,
                                 const Derive& derive) {
  try {
    Connection connection(options.file, Connection::Mode::write, options.cache_bytes, busy_ms);
    const std::string name = "rules:" + std::string(type);
    const std::string_view key = name;
    if (connection.number("SELECT value FROM about WHERE name = ?1", key).value_or(0) >= rules) return 0;
    // Without COMMIT, the end of the connection undoes it.
    connection.execute("BEGIN IMMEDIATE");
    const std::size_t count = go_through(connection, type, derive);
    connection.execute("INSERT OR REPLACE INTO about(name, value) VALUES(?1, ?2)", key, rules);
    connection.execute("COMMIT");
    return count;
  } catch (const Failure& failure) {
    return fail_with(failure, fmt::format("{}: relationships could not be made anew", options.file.string()));
  }
}

}  // namespace ward::store
