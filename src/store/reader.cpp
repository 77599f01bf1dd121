#include "reader.hpp"

#include "history.hpp"
#include "search.hpp"

#include <sqlite3.h>

namespace ward::store {
namespace {

constexpr int reader_busy_ms = 1'000;

WallTime wall(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

SqliteReader::SqliteReader(const Options& options, Clock& clock, std::function<std::uint64_t()> relationship_generation)
    : connection_(options.file, Connection::Mode::read, options.cache_bytes / 4, reader_busy_ms),
      names_(connection_),
      clock_(clock),
      relationship_generation_(std::move(relationship_generation)) {}

/// One read transaction around `work`, and its Failure as an error.
template <class Work>
auto SqliteReader::guarded(Work work) -> decltype(work()) {
  try {
    const Snapshot snapshot(connection_);
    return work();
  } catch (const Failure& failure) {
    return fail_with(failure, "a read failed");
  }
}

// The hot path: one statement, which is its own snapshot.
Result<std::optional<Version>> SqliteReader::read(std::string_view type, std::string_view id) {
  try {
    const auto number = names_.type(type);
    if (!number) return std::nullopt;
    Run run = connection_.query(
        "SELECT id, version, updated, live, patients, body FROM resource WHERE type = ?1 AND id = ?2 AND version > 0",
        *number, id);
    if (!run.step()) return std::nullopt;
    return version_of(run, type, 0);
  } catch (const Failure& failure) {
    return fail_with(failure, "a read failed");
  }
}

std::optional<Version> SqliteReader::current(std::int64_t row, std::string_view type) {
  Run run = connection_.query(
      "SELECT id, version, updated, live, patients, body FROM resource WHERE row = ?1 AND version > 0", row);
  if (!run.step()) return std::nullopt;
  return version_of(run, type, 0);
}

Version version_of(Run& run, std::string_view type, int first) {
  Version out{.type = std::string(type),
              .id = std::string(run.text(first)),
              .version = std::uint64_t(run.integer(first + 1)),
              .updated = wall(run.integer(first + 2)),
              .deleted = run.integer(first + 3) == 0,
              .body = {},
              .patients = words(run.text(first + 4))};
  if (!out.deleted) out.body = Phi<Buffer>(Buffer(run.blob(first + 5)));
  return out;
}

Result<std::optional<Version>> SqliteReader::read_version(std::string_view type, std::string_view id,
                                                          std::uint64_t version) {
  if (version == 0 || version > INT64_MAX) return std::nullopt;
  auto found = history(type, id, 1, version + 1);
  if (!found) return std::unexpected(found.error());
  if (found->empty() || found->front().version != version) return std::nullopt;
  return std::move(found->front());
}

Result<std::vector<Version>> SqliteReader::history(std::string_view type, std::string_view id, std::size_t limit,
                                                   std::optional<std::uint64_t> before) {
  return guarded([&]() -> Result<std::vector<Version>> {
    std::vector<Version> out;
    const auto number = names_.type(type);
    if (!number || limit == 0) return out;
    const auto row = names_.row(*number, id);
    if (!row) return out;
    auto newest = current(*row, type);
    const std::uint64_t below = before.value_or(INT64_MAX);
    if (newest && newest->version < below) out.push_back(std::move(*newest));
    if (out.size() == limit) return out;
    Run run = connection_.query(
        "SELECT version, updated, deleted, patients, bytes, body FROM version WHERE row = ?1 AND version < ?2 "
        "ORDER BY version DESC LIMIT ?3",
        *row, std::int64_t(std::min<std::uint64_t>(below, INT64_MAX)), std::int64_t(limit - out.size()));
    while (run.step()) out.push_back(old_version(run, type, id));
    return out;
  });
}

Version SqliteReader::old_version(Run& run, std::string_view type, std::string_view id) {
  Version out{.type = std::string(type),
              .id = std::string(id),
              .version = std::uint64_t(run.integer(0)),
              .updated = wall(run.integer(1)),
              .deleted = run.integer(2) != 0,
              .body = {},
              .patients = words(run.text(3))};
  if (out.deleted) return out;
  Buffer body;
  if (!unsqueezer_.unsqueeze(run.blob(5), std::size_t(run.integer(4)), body)) throw Failure{SQLITE_CORRUPT};
  out.body = Phi<Buffer>(std::move(body));
  return out;
}

Result<Page> SqliteReader::search(const Query& query) {
  return guarded([&]() -> Result<Page> {
    Search search(query, names_, connection_, clock_);
    auto found = search.run();
    if (!found) return std::unexpected(found.error());
    Page page{
        .found = {}, .next = std::move(found->next), .total = found->total, .referred = std::move(found->referred)};
    if (!found->versions.empty()) {
      page.found = std::move(found->versions);
      return page;
    }
    page.found.reserve(found->rows.size());
    for (const std::int64_t row : found->rows)
      if (auto version = current(row, query.type)) page.found.push_back(std::move(*version));
    return page;
  });
}

std::optional<Version> SqliteReader::old_of(std::int64_t row, std::string_view type, std::string_view id,
                                            std::uint64_t version) {
  Run run = connection_.query(
      "SELECT version, updated, deleted, patients, bytes, body FROM version WHERE row = ?1 AND version = ?2", row,
      std::int64_t(version));
  if (!run.step()) return std::nullopt;
  return old_version(run, type, id);
}

Result<HistoryPage> SqliteReader::recent(const History& asked) {
  return guarded([&]() -> Result<HistoryPage> {
    const HistoryWalk::Sources sources{
        .current = [this](std::int64_t row, std::string_view type) { return current(row, type); },
        .old = [this](std::int64_t row, std::string_view type, std::string_view id,
                      std::uint64_t version) { return old_of(row, type, id, version); }};
    return HistoryWalk(asked, names_, connection_, clock_, sources).run();
  });
}

Result<std::vector<std::string>> SqliteReader::missing(const std::vector<std::string>& references) {
  return guarded([&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> out;
    for (const std::string& reference : references)
      if (!exists(reference)) out.push_back(reference);
    return out;
  });
}

bool SqliteReader::exists(std::string_view reference) {
  const std::size_t slash = reference.find('/');
  if (slash == std::string_view::npos) return false;
  const auto type = names_.type(reference.substr(0, slash));
  if (!type) return false;
  return connection_.number("SELECT live FROM resource WHERE type = ?1 AND id = ?2", *type,
                            reference.substr(slash + 1)) == 1;
}

Result<std::vector<std::string>> SqliteReader::related(std::string_view person, std::string_view kind, WallTime now) {
  return guarded([&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> out;
    Run run = connection_.query(
        "SELECT DISTINCT patient FROM relationship WHERE person = ?1 AND kind = ?2 AND from_ms <= ?3 AND until_ms > ?3 "
        "ORDER BY patient",
        person, kind, std::int64_t(now.time_since_epoch().count()));
    while (run.step()) out.emplace_back(run.text(0));
    return out;
  });
}

Result<std::optional<std::string>> SqliteReader::get(std::string_view space, std::string_view key) {
  return guarded([&]() -> Result<std::optional<std::string>> {
    Run run = connection_.query("SELECT value FROM kv WHERE space = ?1 AND key = ?2", space, key);
    if (!run.step()) return std::nullopt;
    return std::string(run.blob(0));
  });
}

Result<std::vector<std::pair<std::string, std::string>>> SqliteReader::list(std::string_view space,
                                                                            std::string_view after_key,
                                                                            std::size_t limit) {
  return guarded([&]() -> Result<std::vector<std::pair<std::string, std::string>>> {
    std::vector<std::pair<std::string, std::string>> out;
    Run run = connection_.query("SELECT key, value FROM kv WHERE space = ?1 AND key > ?2 ORDER BY key LIMIT ?3", space,
                                after_key, std::int64_t(std::min<std::size_t>(limit, INT64_MAX)));
    while (run.step()) out.emplace_back(std::string(run.text(0)), std::string(run.blob(1)));
    return out;
  });
}

// The rows that are not live are few: they were named before they came, or deleted. The parameters are some hundreds.
Result<std::vector<std::string>> SqliteReader::dangling(std::size_t limit) {
  return guarded([&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> out;
    Run run = connection_.query(
        "SELECT t.name, r.id FROM type t CROSS JOIN resource r INDEXED BY resource_absent ON r.type = t.number AND "
        "r.live = 0 "
        "WHERE t.name <> ?1 AND EXISTS (SELECT 1 FROM param p CROSS JOIN ref ON ref.param = p.number AND ref.target = "
        "r.row) "
        "LIMIT ?2",
        url_type, std::int64_t(std::min<std::size_t>(limit, INT64_MAX)));
    while (run.step()) out.push_back(fmt::format("{}/{}", run.text(0), run.text(1)));
    return out;
  });
}

Result<std::vector<std::uint64_t>> SqliteReader::committed_intents(const std::vector<std::uint64_t>& intents) {
  return guarded([&]() -> Result<std::vector<std::uint64_t>> {
    std::vector<std::uint64_t> out;
    for (const std::uint64_t intent : intents)
      if (connection_.number(
              "SELECT 1 FROM resource WHERE intent = ?1 UNION ALL SELECT 1 FROM version WHERE intent = ?1 LIMIT 1",
              std::int64_t(intent)))
        out.push_back(intent);
    return out;
  });
}

}  // namespace ward::store
