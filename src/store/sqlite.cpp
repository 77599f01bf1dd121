#include "sqlite.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace ward::store {

Run::~Run() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Run::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw Failure{sqlite3_extended_errcode(sqlite3_db_handle(statement_))};
}

bool Run::null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
std::int64_t Run::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Run::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, std::size_t(sqlite3_column_bytes(statement_, column))};
}

std::string_view Run::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return {};
  return {bytes, std::size_t(sqlite3_column_bytes(statement_, column))};
}

void Run::bind(int at, std::int64_t value) { sqlite3_bind_int64(statement_, at, value); }
void Run::bind(int at, double value) { sqlite3_bind_double(statement_, at, value); }
void Run::bind(int at, std::nullopt_t) { sqlite3_bind_null(statement_, at); }
int Run::parameters() const { return sqlite3_bind_parameter_count(statement_); }

// Copied by SQLite: the caller's value need not live as long as the run.
void Run::bind(int at, std::string_view value) {
  const char* bytes = value.data() != nullptr ? value.data() : "";
  if (const int code = sqlite3_bind_text64(statement_, at, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8))
    throw Failure{code};
}

void Run::bind(int at, Blob value) {
  const char* bytes = value.bytes.data() != nullptr ? value.bytes.data() : "";
  if (const int code = sqlite3_bind_blob64(statement_, at, bytes, value.bytes.size(), SQLITE_TRANSIENT))
    throw Failure{code};
}

void Run::bind(int at, const std::optional<std::int64_t>& value) {
  if (value) return bind(at, *value);
  bind(at, std::nullopt);
}

namespace {

void make_private_file(const std::filesystem::path& file) {
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) throw Failure{SQLITE_CANTOPEN};
  ::close(made);
  // The name of the file must survive a loss of power, too.
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = opened >= 0 && ::fsync(opened) == 0;
  if (opened >= 0) ::close(opened);
  if (!synced) throw Failure{SQLITE_IOERR_DIR_FSYNC};
}

// SQLite's count of all memory is one lock around each of its allocations, for a number that nobody reads.
void without_memory_statistics() {
  static const int set = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(set);
}

}  // namespace

Connection::Connection(const std::filesystem::path& file, Mode mode, std::uint64_t cache_bytes, int busy_ms) {
  without_memory_statistics();
  if (mode == Mode::write) {
    // SQLite gives -wal and -shm the mode of the file; so the file is made by us, for its owner alone.
    std::error_code unreachable;
    if (!std::filesystem::exists(file, unreachable)) make_private_file(file);
  }
  const int access = mode == Mode::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code =
      sqlite3_open_v2(file.c_str(), &connection_, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    sqlite3_close_v2(connection_);
    throw Failure{code};
  }
  sqlite3_busy_timeout(connection_, busy_ms);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  try {
    script("PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;");
    if (mode == Mode::write) {
      // The size holds only for a file that is still empty.
      script(
          "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = "
          "0;");
    } else {
      script("PRAGMA query_only = ON;");
    }
    // PRAGMA takes no bound value; the size goes through SQLite's own number formatting.
    char* pragma = sqlite3_mprintf("PRAGMA cache_size = -%lld", static_cast<long long>(cache_bytes / 1024));
    const int cached = pragma == nullptr ? SQLITE_NOMEM : sqlite3_exec(connection_, pragma, nullptr, nullptr, nullptr);
    sqlite3_free(pragma);
    if (cached != SQLITE_OK) throw Failure{cached};
  } catch (const Failure&) {
    sqlite3_close_v2(connection_);
    throw;
  }
}

Connection::~Connection() {
  for (const auto& [text, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(connection_);
}

void Connection::script(Sql sql) {
  if (const int code = sqlite3_exec(connection_, sql.text(), nullptr, nullptr, nullptr); code != SQLITE_OK)
    throw Failure{sqlite3_extended_errcode(connection_) ? sqlite3_extended_errcode(connection_) : code};
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }
std::int64_t Connection::inserted() const { return sqlite3_last_insert_rowid(connection_); }

sqlite3_stmt* Connection::prepared(Sql sql) {
  sqlite3_stmt*& kept = statements_[sql.text()];
  if (kept == nullptr) {
    const int code = sqlite3_prepare_v3(connection_, sql.text(), -1, SQLITE_PREPARE_PERSISTENT, &kept, nullptr);
    if (code != SQLITE_OK) throw Failure{code};
  }
  WARD_ASSERT(!sqlite3_stmt_busy(kept));
  return kept;
}

Snapshot::Snapshot(Connection& connection) : connection_(connection) { connection_.execute("BEGIN"); }

Snapshot::~Snapshot() {
  try {
    if (connection_.in_transaction()) connection_.execute("ROLLBACK");
  } catch (const Failure&) {  // nothing was written; the next BEGIN will say what is wrong
  }
}

std::unexpected<Error> fail_with(const Failure& failure, std::string_view what) {
  return fail("store_failed", fmt::format("store: {}: {} (SQLite {}); look at the disk and its free space", what,
                                          sqlite3_errstr(failure.code), failure.code));
}

}  // namespace ward::store
