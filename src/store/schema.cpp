#include "schema.hpp"

#include "base/random.hpp"

namespace ward::store {
namespace {

constexpr std::int64_t application = 0x57617264;  // "Ward"

// docs/formats/store.md explains each table. Never edit: a change is a new step of `migrate`.
constexpr Sql tables_1 = R"(
CREATE TABLE about(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE type(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE param(number INTEGER PRIMARY KEY, type INTEGER NOT NULL, code TEXT NOT NULL, UNIQUE(type, code));
CREATE TABLE system(number INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE);

CREATE TABLE resource(
  row INTEGER PRIMARY KEY, type INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL,
  live INTEGER NOT NULL, updated INTEGER, intent INTEGER, patients TEXT, body BLOB, UNIQUE(type, id));
CREATE INDEX resource_live ON resource(type) WHERE live = 1;
CREATE INDEX resource_updated ON resource(type, updated) WHERE live = 1;
CREATE INDEX resource_absent ON resource(type) WHERE live = 0;
CREATE INDEX resource_intent ON resource(intent) WHERE intent IS NOT NULL;

CREATE TABLE version(
  number INTEGER PRIMARY KEY, row INTEGER NOT NULL, version INTEGER NOT NULL, updated INTEGER NOT NULL,
  intent INTEGER NOT NULL, deleted INTEGER NOT NULL, patients TEXT NOT NULL, bytes INTEGER NOT NULL, body BLOB,
  UNIQUE(row, version));
CREATE INDEX version_intent ON version(intent);

CREATE TABLE entry(row INTEGER PRIMARY KEY, entries BLOB NOT NULL);

CREATE TABLE token(param INTEGER, code INTEGER, system INTEGER, row INTEGER,
  PRIMARY KEY(param, code, system, row)) WITHOUT ROWID;
CREATE TABLE string(param INTEGER, value BLOB, row INTEGER, PRIMARY KEY(param, value, row)) WITHOUT ROWID;
CREATE TABLE date(param INTEGER, long INTEGER, low INTEGER, high INTEGER, row INTEGER,
  PRIMARY KEY(param, long, low, high, row)) WITHOUT ROWID;
CREATE TABLE number(param INTEGER, value REAL, row INTEGER, PRIMARY KEY(param, value, row)) WITHOUT ROWID;
CREATE TABLE quantity(param INTEGER, unit INTEGER, value REAL, row INTEGER,
  PRIMARY KEY(param, unit, value, row)) WITHOUT ROWID;
CREATE TABLE ref(param INTEGER, target INTEGER, row INTEGER, PRIMARY KEY(param, target, row)) WITHOUT ROWID;
CREATE TABLE uri(param INTEGER, value BLOB, row INTEGER, PRIMARY KEY(param, value, row)) WITHOUT ROWID;
CREATE TABLE compartment(patient INTEGER, type INTEGER, row INTEGER, PRIMARY KEY(patient, type, row)) WITHOUT ROWID;

CREATE TABLE relationship(person TEXT, kind TEXT, patient TEXT, source INTEGER, from_ms INTEGER, until_ms INTEGER,
  PRIMARY KEY(person, kind, patient, source, from_ms, until_ms)) WITHOUT ROWID;
CREATE INDEX relationship_source ON relationship(source);

CREATE TABLE kv(space TEXT, key TEXT, value BLOB NOT NULL, PRIMARY KEY(space, key)) WITHOUT ROWID;

PRAGMA application_id = 1466004068;
PRAGMA user_version = 1;
)";
static_assert(application == 1466004068);

// Every version by when it was written, for the history of a type: once for everybody (patient 0), and once for each
// patient whom it belonged to, so that who sees a few patients looks through theirs alone.
constexpr Sql tables_2 = R"(
CREATE TABLE written(patient INTEGER, type INTEGER, updated INTEGER, row INTEGER, version INTEGER,
  PRIMARY KEY(patient, type, updated, row, version)) WITHOUT ROWID;
PRAGMA user_version = 2;
)";
// What a file of version 1 holds, put into it. Ids have no character that JSON would escape.
constexpr Sql fill_2 = R"(
INSERT INTO written SELECT 0, type, updated, row, version FROM resource WHERE version > 0;
INSERT INTO written SELECT 0, r.type, v.updated, v.row, v.version FROM version v CROSS JOIN resource r ON r.row = v.row;
INSERT OR IGNORE INTO written SELECT p.row, r.type, r.updated, r.row, r.version
  FROM resource r CROSS JOIN json_each('["' || replace(r.patients, ' ', '","') || '"]') j
  CROSS JOIN resource p ON p.type = (SELECT number FROM type WHERE name = 'Patient') AND p.id = j.value
  WHERE r.version > 0 AND r.patients <> '';
INSERT OR IGNORE INTO written SELECT p.row, r.type, v.updated, v.row, v.version
  FROM version v CROSS JOIN resource r ON r.row = v.row
  CROSS JOIN json_each('["' || replace(v.patients, ' ', '","') || '"]') j
  CROSS JOIN resource p ON p.type = (SELECT number FROM type WHERE name = 'Patient') AND p.id = j.value
  WHERE v.patients <> '';
)";

// The words of each live resource, for `_text` and `_content`. The text itself stays in the table: to take a row out of
// the index FTS5 must know what was put in. What a file of version 2 holds is indexed again at the start (index_again).
constexpr Sql tables_3 = R"(
CREATE VIRTUAL TABLE full_text USING fts5(kind, narrative, content,
  columnsize = 0, tokenize = 'unicode61 remove_diacritics 2');
PRAGMA user_version = 3;
)";

/// From each version to the next, one transaction a step: a file that was left in the middle of a step has none of it.
void migrate(Connection& connection, std::int64_t version) {
  if (version < 2) {
    connection.execute("BEGIN IMMEDIATE");
    connection.script(tables_2);
    connection.script(fill_2);
    connection.execute("COMMIT");
  }
  if (version < 3) {
    connection.execute("BEGIN IMMEDIATE");
    connection.script(tables_3);
    connection.execute("COMMIT");
  }
}

void create(Connection& connection) {
  connection.execute("BEGIN IMMEDIATE");
  connection.script(tables_1);
  connection.script(tables_2);
  connection.script(tables_3);
  std::int64_t generation = 0;
  SystemRandom().fill(&generation, sizeof generation);
  connection.execute("INSERT INTO about(name, value) VALUES('generation', ?1)", generation);
  connection.execute("COMMIT");
}

}  // namespace

Result<void> prepare_schema(Connection& connection, const std::filesystem::path& file) {
  const std::int64_t version = connection.number("PRAGMA user_version").value_or(0);
  const std::int64_t owner = connection.number("PRAGMA application_id").value_or(0);
  const bool empty = connection.number("SELECT count(*) FROM sqlite_schema").value_or(0) == 0;
  if (empty) {
    create(connection);
    return {};
  }
  if (owner != application)
    return fail("store_foreign",
                fmt::format("{}: this SQLite file was not made by Ward; name another file", file.string()));
  if (version > schema_version)
    return fail("store_newer", fmt::format("{}: has schema {}, this program knows up to {}; start the newer program",
                                           file.string(), version, schema_version));
  migrate(connection, version);
  return {};
}

}  // namespace ward::store
