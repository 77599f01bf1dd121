// A thin hand on SQLite: connections, and statements whose text is a literal of this program.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace ward::store {

/// The text of a statement. Only a literal makes one, so no statement is built from what came from outside.
class Sql {
 public:
  template <std::size_t N>
  consteval Sql(const char (&literal)[N]) : text_(literal) {}
  constexpr const char* text() const { return text_; }

 private:
  const char* text_;
};

/// What SQLite said; thrown inside this room and turned into an Error at its face.
struct Failure {
  int code;  // extended result code
};

struct Blob {
  std::string_view bytes;
};

/// A running statement. Goes back to its connection, reset, when it is destroyed. Columns live until the next step.
class Run {
 public:
  explicit Run(sqlite3_stmt* statement) : statement_(statement) {}
  Run(Run&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Run& operator=(Run&&) = delete;
  ~Run();

  /// True if there is a row.
  bool step();

  bool null(int column) const;
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;

  void bind(int at, std::int64_t value);
  void bind(int at, double value);
  void bind(int at, std::string_view value);
  void bind(int at, Blob value);
  void bind(int at, std::nullopt_t);
  void bind(int at, const std::optional<std::int64_t>& value);
  int parameters() const;

 private:
  sqlite3_stmt* statement_;
};

/// One connection, used by one thread at a time. Statements are prepared once and kept; there are as many as literals.
class Connection {
 public:
  enum class Mode { write, read };
  /// Throws Failure.
  Connection(const std::filesystem::path& file, Mode mode, std::uint64_t cache_bytes, int busy_ms);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  template <class... Values>
  Run query(Sql sql, const Values&... values) {
    Run run(prepared(sql));
    int at = 0;
    (run.bind(++at, values), ...);
    return run;
  }

  template <class... Values>
  void execute(Sql sql, const Values&... values) {
    Run run = query(sql, values...);
    while (run.step()) {
    }
  }

  /// A number, or nothing if there is no row.
  template <class... Values>
  std::optional<std::int64_t> number(Sql sql, const Values&... values) {
    Run run = query(sql, values...);
    if (!run.step()) return std::nullopt;
    return run.integer(0);
  }

  /// Several statements, for the schema.
  void script(Sql sql);
  bool in_transaction() const;
  std::int64_t inserted() const;
  sqlite3* handle() const { return connection_; }

 private:
  sqlite3_stmt* prepared(Sql sql);
  sqlite3* connection_ = nullptr;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

/// One read transaction; ends with the scope.
class Snapshot {
 public:
  explicit Snapshot(Connection& connection);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;

 private:
  Connection& connection_;
};

std::unexpected<Error> fail_with(const Failure& failure, std::string_view what);

}  // namespace ward::store
