#include "apply.hpp"

#include <sqlite3.h>
#include <tuple>

namespace ward::store {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out.push_back(' ');
    out.append(word);
  }
  return out;
}

std::set<std::string, std::less<>> split(std::string_view words) {
  std::set<std::string, std::less<>> out;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    out.emplace(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return out;
}

std::unexpected<Error> conflict(std::string_view why) {
  return fail("version_conflict", fmt::format("store: {}", why));
}

}  // namespace

Result<std::vector<Done>> Applier::apply(ChangeSet& set, WallTime now) {
  const bool changed_before = relationships_changed_;
  connection_.execute("SAVEPOINT change_set");
  auto done = apply_or_refuse(set, now);
  if (!done) {
    connection_.execute("ROLLBACK TO change_set");
    names_.forget();
    relationships_changed_ = changed_before;
  }
  connection_.execute("RELEASE change_set");
  return done;
}

// What SQLite refuses because of the set itself must not cost the others of the batch their commit.
Result<std::vector<Done>> Applier::apply_or_refuse(ChangeSet& set, WallTime now) {
  try {
    return apply_all(set, now);
  } catch (const Failure& failure) {
    const int primary = failure.code & 0xFF;
    if (primary != SQLITE_CONSTRAINT && primary != SQLITE_TOOBIG) throw;
    return fail("invalid_change", fmt::format("store: a change cannot be stored (SQLite {})", failure.code));
  }
}

Result<std::vector<Done>> Applier::apply_all(ChangeSet& set, WallTime now) {
  std::vector<Done> all;
  all.reserve(set.changes.size());
  for (PreparedChange& prepared : set.changes) {
    auto done = apply_change(prepared, set.intent, now);
    if (!done) return std::unexpected(done.error());
    all.push_back(*done);
  }
  for (const Store::Entry& entry : set.values) put(entry);
  return all;
}

Result<Done> Applier::apply_change(PreparedChange& prepared, std::uint64_t intent, WallTime now) {
  const Change& change = prepared.change;
  const std::int64_t type = names_.make_type(change.type);
  Current old = current(type, change.id);

  if (change.operation == Operation::remove && !old.live) return fail("not_found", "store: nothing to remove");
  if (change.operation == Operation::create && old.live) return conflict("the resource exists already");
  if (change.expected_version) {
    const std::uint64_t expected = *change.expected_version;
    if (expected == 0 && old.live) return conflict("the resource exists already");
    if (expected != 0 && expected != old.version) return conflict("the resource has another version by now");
  }

  const std::int64_t updated = std::max<std::int64_t>(now.time_since_epoch().count(), old.updated + 1);
  const Done done{.version = old.version + 1, .updated = WallTime(std::chrono::milliseconds(updated))};
  if (old.row == 0) old.row = names_.make_row(type, change.id);
  if (old.version > 0) keep_old_version(old);
  write_current(old, prepared, intent, done);
  write_moment(old, type, change, done);
  write_index(old, type, change, done);
  write_relationships(old, change);
  return done;
}

Applier::Current Applier::current(std::int64_t type, std::string_view id) {
  Run run = connection_.query("SELECT row, version, live, updated, patients FROM resource WHERE type = ?1 AND id = ?2",
                              type, id);
  if (!run.step()) return {};
  return {.row = run.integer(0),
          .version = std::uint64_t(run.integer(1)),
          .live = run.integer(2) != 0,
          .updated = run.integer(3),
          .patients = std::string(run.text(4))};
}

void Applier::keep_old_version(const Current& old) {
  Run run = connection_.query("SELECT updated, intent, patients, body FROM resource WHERE row = ?1", old.row);
  if (!run.step()) return;
  Buffer squeezed;
  const std::int64_t bytes = std::int64_t(run.blob(3).size());
  if (old.live) squeezed = squeezer_.squeeze(run.blob(3));
  connection_.execute(
      "INSERT INTO version(row, version, updated, intent, deleted, patients, bytes, body) VALUES(?1, ?2, ?3, ?4, ?5, "
      "?6, ?7, ?8)",
      old.row, std::int64_t(old.version), run.integer(0), run.integer(1), std::int64_t(!old.live), run.text(2), bytes,
      Blob{squeezed.view()});
}

void Applier::write_current(const Current& old, const PreparedChange& prepared, std::uint64_t intent,
                            const Done& done) {
  const std::int64_t updated = done.updated.time_since_epoch().count();
  if (prepared.change.operation == Operation::remove) {
    // The patients stay: who may hear that it was deleted is decided by them.
    connection_.execute(
        "UPDATE resource SET version = ?2, live = 0, updated = ?3, intent = ?4, body = NULL WHERE row = ?1", old.row,
        std::int64_t(done.version), updated, std::int64_t(intent));
    return;
  }
  const Buffer body = prepared.spans->apply(prepared.change.body.view(), done.version, done.updated);
  connection_.execute(
      "UPDATE resource SET version = ?2, live = 1, updated = ?3, intent = ?4, patients = ?5, body = ?6 WHERE row = ?1",
      old.row, std::int64_t(done.version), updated, std::int64_t(intent), joined(prepared.change.index.patients),
      Blob{body.view()});
}

/// When the version was written, for the history of its type: a deletion is still about who it was about.
void Applier::write_moment(const Current& old, std::int64_t type, const Change& change, const Done& done) {
  constexpr Sql insert =
      "INSERT OR IGNORE INTO written(patient, type, updated, row, version) VALUES(?1, ?2, ?3, ?4, ?5)";
  const std::int64_t updated = done.updated.time_since_epoch().count();
  const std::int64_t version = std::int64_t(done.version);
  connection_.execute(insert, std::int64_t{0}, type, updated, old.row, version);
  std::set<std::string, std::less<>> patients(change.index.patients.begin(), change.index.patients.end());
  if (change.operation == Operation::remove) patients = split(old.patients);
  if (patients.empty()) return;
  const std::int64_t patient_type = names_.make_type("Patient");
  for (const std::string& patient : patients)
    connection_.execute(insert, names_.make_row(patient_type, patient), type, updated, old.row, version);
}

void Applier::write_index(const Current& old, std::int64_t type, const Change& change, const Done& done) {
  const bool removes = change.operation == Operation::remove;
  const bool had = old.live && read_entries(old.row);
  if (!removes) {
    resolve(type, change.index, new_entries_);
    new_entries_.id = change.id;
    new_entries_.updated = done.updated.time_since_epoch().count();
  }
  write_entries(old.row, had ? &old_entries_ : nullptr, removes ? nullptr : &new_entries_);
  write_words(old.row, type, old.version > 0, removes ? nullptr : &change.index);
  write_compartment(old, type, removes ? std::vector<std::string>() : change.index.patients);
}

// What may be seen does not follow from the index alone: patients and compartment stay as they were written.
void Applier::index_again(std::int64_t row, std::string_view type, const IndexEntries& index) {
  if (!read_entries(row)) return;
  resolve(names_.make_type(type), index, new_entries_);
  new_entries_.id = old_entries_.id;
  new_entries_.updated = old_entries_.updated;
  new_entries_.patients = old_entries_.patients;
  write_entries(row, &old_entries_, &new_entries_);
  write_words(row, names_.make_type(type), true, &index);
}

/// Into `old_entries_`. A damaged record would leave index rows behind; refuse rather than answer wrongly later.
bool Applier::read_entries(std::int64_t row) {
  Run run = connection_.query("SELECT entries FROM entry WHERE row = ?1", row);
  old_record_.clear();
  if (run.step()) old_record_ = run.blob(0);
  if (!decode(old_record_, old_entries_)) throw Failure{SQLITE_CORRUPT};
  return true;
}

void Applier::write_entries(std::int64_t row, const Entries* before, const Entries* after) {
  if (after == nullptr)
    connection_.execute("DELETE FROM entry WHERE row = ?1", row);
  else
    connection_.execute(
        "INSERT INTO entry(row, entries) VALUES(?1, ?2) ON CONFLICT(row) DO UPDATE SET entries = excluded.entries", row,
        Blob{encode(*after)});
  const auto rows_before = before != nullptr ? index_rows(*before) : std::vector<IndexRow>();
  const auto rows_after = after != nullptr ? index_rows(*after) : std::vector<IndexRow>();
  std::vector<IndexRow> gone, fresh;
  std::ranges::set_difference(rows_before, rows_after, std::back_inserter(gone), std::less<>());
  std::ranges::set_difference(rows_after, rows_before, std::back_inserter(fresh), std::less<>());
  for (const IndexRow& one : gone) erase(one, row);
  for (const IndexRow& one : fresh) insert(one, row);
}

/// `kind` is a word, too, so that one search of the table finds the words of one type alone.
void Applier::write_words(std::int64_t row, std::int64_t type, bool had, const IndexEntries* index) {
  if (had) connection_.execute("DELETE FROM full_text WHERE rowid = ?1", row);
  if (index == nullptr || (index->narrative.empty() && index->content.empty())) return;
  connection_.execute("INSERT INTO full_text(rowid, kind, narrative, content) VALUES(?1, ?2, ?3, ?4)", row,
                      fmt::format("t{}", type), index->narrative, index->content);
}

void Applier::write_compartment(const Current& old, std::int64_t type, const std::vector<std::string>& patients) {
  auto before = old.live ? split(old.patients) : std::set<std::string, std::less<>>();
  const std::int64_t patient_type = names_.make_type("Patient");
  for (const std::string& patient : patients) {
    if (before.erase(patient) > 0) continue;
    connection_.execute("INSERT OR IGNORE INTO compartment(patient, type, row) VALUES(?1, ?2, ?3)",
                        names_.make_row(patient_type, patient), type, old.row);
  }
  // What is named twice was erased above at its first mention, so only those that are no longer named are left.
  for (const std::string& patient : before)
    if (std::ranges::find(patients, patient) == patients.end())
      connection_.execute("DELETE FROM compartment WHERE patient = ?1 AND type = ?2 AND row = ?3",
                          names_.make_row(patient_type, patient), type, old.row);
}

void Applier::write_relationships(const Current& old, const Change& change) {
  using Row = std::tuple<std::string, std::string, std::string, std::int64_t, std::int64_t>;
  std::set<Row> before, after;
  {
    Run run = connection_.query("SELECT person, kind, patient, from_ms, until_ms FROM relationship WHERE source = ?1",
                                old.row);
    while (run.step())
      before.emplace(std::string(run.text(0)), std::string(run.text(1)), std::string(run.text(2)), run.integer(3),
                     run.integer(4));
  }
  if (change.operation != Operation::remove)
    for (const Relationship& r : change.relationships)
      after.emplace(r.person, r.kind, r.patient, r.from_ms, r.until_ms);
  if (before == after) return;
  relationships_changed_ = true;
  connection_.execute("DELETE FROM relationship WHERE source = ?1", old.row);
  for (const auto& [person, kind, patient, from, until] : after)
    connection_.execute(
        "INSERT INTO relationship(person, kind, patient, source, from_ms, until_ms) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        person, kind, patient, old.row, from, until);
}

void Applier::resolve(std::int64_t type, const IndexEntries& index, Entries& out) {
  out.clear();
  const auto param = [&](const std::string& code) { return std::uint32_t(names_.make_param(type, code)); };
  for (const auto& e : index.tokens)
    out.tokens.push_back({param(e.param), names_.make_system(e.system), e.code, e.group});
  for (const auto& e : index.strings) out.strings.push_back({param(e.param), e.folded, e.exact, e.group});
  for (const auto& e : index.dates) out.dates.push_back({param(e.param), e.low, e.high, e.group});
  for (const auto& e : index.numbers) out.numbers.push_back({param(e.param), e.low, e.high, e.group});
  for (const auto& e : index.quantities)
    out.quantities.push_back({param(e.param), names_.make_system(e.system), e.code, e.unit, e.low, e.high, e.group});
  for (const auto& e : index.references) {
    const bool local = e.url.empty();
    const std::int64_t target_type = names_.make_type(local ? std::string_view(e.type) : url_type);
    out.references.push_back({param(e.param), names_.make_row(target_type, local ? e.id : e.url), e.group});
  }
  for (const auto& e : index.uris) out.uris.push_back({param(e.param), e.value, e.group});
  out.patients.assign(index.patients.begin(), index.patients.end());
}

void Applier::insert(const IndexRow& row, std::int64_t resource) {
  const std::int64_t param = row.param;
  switch (row.table) {
    case Table::token:
      return connection_.execute("INSERT INTO token(param, code, system, row) VALUES(?1, ?2, ?3, ?4)", param, row.a,
                                 row.b, resource);
    case Table::string:
      return connection_.execute("INSERT INTO string(param, value, row) VALUES(?1, ?2, ?3)", param, Blob{row.text},
                                 resource);
    case Table::date:
      return connection_.execute("INSERT INTO date(param, long, low, high, row) VALUES(?1, ?2, ?3, ?4, ?5)", param,
                                 row.a, row.b, row.c, resource);
    case Table::number:
      return connection_.execute("INSERT INTO number(param, value, row) VALUES(?1, ?2, ?3)", param, row.value,
                                 resource);
    case Table::quantity:
      return connection_.execute("INSERT INTO quantity(param, unit, value, row) VALUES(?1, ?2, ?3, ?4)", param, row.a,
                                 row.value, resource);
    case Table::reference:
      return connection_.execute("INSERT INTO ref(param, target, row) VALUES(?1, ?2, ?3)", param, row.a, resource);
    case Table::uri:
      return connection_.execute("INSERT INTO uri(param, value, row) VALUES(?1, ?2, ?3)", param, Blob{row.text},
                                 resource);
  }
}

void Applier::erase(const IndexRow& row, std::int64_t resource) {
  const std::int64_t param = row.param;
  switch (row.table) {
    case Table::token:
      return connection_.execute("DELETE FROM token WHERE param = ?1 AND code = ?2 AND system = ?3 AND row = ?4", param,
                                 row.a, row.b, resource);
    case Table::string:
      return connection_.execute("DELETE FROM string WHERE param = ?1 AND value = ?2 AND row = ?3", param,
                                 Blob{row.text}, resource);
    case Table::date:
      return connection_.execute(
          "DELETE FROM date WHERE param = ?1 AND long = ?2 AND low = ?3 AND high = ?4 AND row = ?5", param, row.a,
          row.b, row.c, resource);
    case Table::number:
      return connection_.execute("DELETE FROM number WHERE param = ?1 AND value = ?2 AND row = ?3", param, row.value,
                                 resource);
    case Table::quantity:
      return connection_.execute("DELETE FROM quantity WHERE param = ?1 AND unit = ?2 AND value = ?3 AND row = ?4",
                                 param, row.a, row.value, resource);
    case Table::reference:
      return connection_.execute("DELETE FROM ref WHERE param = ?1 AND target = ?2 AND row = ?3", param, row.a,
                                 resource);
    case Table::uri:
      return connection_.execute("DELETE FROM uri WHERE param = ?1 AND value = ?2 AND row = ?3", param, Blob{row.text},
                                 resource);
  }
}

void Applier::put(const Store::Entry& entry) {
  if (!entry.value) return connection_.execute("DELETE FROM kv WHERE space = ?1 AND key = ?2", entry.space, entry.key);
  connection_.execute(
      "INSERT INTO kv(space, key, value) VALUES(?1, ?2, ?3) ON CONFLICT(space, key) DO UPDATE SET value = "
      "excluded.value",
      entry.space, entry.key, Blob{*entry.value});
}

}  // namespace ward::store
