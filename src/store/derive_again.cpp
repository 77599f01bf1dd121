#include "derive_again.hpp"

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

}  // namespace

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
