#include "search.hpp"

#include <sqlite3.h>

namespace ward::store {
namespace {

using namespace std::chrono_literals;
constexpr auto search_time_max = 5s;
constexpr auto accurate_time_max = 300ms;
constexpr auto estimate_time_max = 100ms;
constexpr std::size_t count_max = 10'000;
constexpr unsigned clock_every = 256;  // candidates between two looks at the clock

}  // namespace

Result<FoundRows> Search::run() {
  const auto type = names_.type(query_.type);
  if (!type) {
    FoundRows none;
    if (query_.total != Total::none) none.total = 0;
    return none;
  }
  if (query_.count > count_max)
    return fail("invalid_query", fmt::format("store: a page holds {} resources at most", count_max));
  if (query_.ids_only && !query_.sort.empty()) return fail("invalid_query", "store: ids alone come in no order");
  type_ = *type;
  if (!query_.referred_by.empty()) referred_by_ = std::uint32_t(names_.param(type_, query_.referred_by).value_or(0));
  auto order = Order::make(query_, type_, names_);
  if (!order) return std::unexpected(order.error());
  order_ = std::move(*order);
  std::optional<Place> after;
  if (!query_.after.empty()) {
    auto place = order_->read(query_.after);
    if (!place) return std::unexpected(place.error());
    after = std::move(*place);
  }
  predicate_ = compile(query_, type_, names_, clock_.wall());
  asks_ = predicate_.asks();
  plan_ = choose_plan(predicate_, type_, names_, connection_);

  FoundRows out;
  const MonoTime deadline = clock_.mono() + search_time_max;
  try {
    if (!plan_.nothing && query_.count > 0) find_page(after, deadline);
  } catch (const Stopped&) {
    return fail("search_too_costly",
                "store: the search looked through too many resources; add a more selective parameter");
  }
  const bool more = found_.size() > query_.count;
  if (more) found_.resize(query_.count);
  if (versions_.size() > query_.count) versions_.pop_back();
  out.versions = std::move(versions_);
  for (const Place& place : found_) out.rows.push_back(place.row);
  if (referred_by_ != 0) out.referred = referred_ids();
  if (more) out.next = order_->write(found_.back());
  if (query_.total != Total::none)
    out.total = count_all(query_.total == Total::accurate ? accurate_time_max : estimate_time_max);
  return out;
}

void Search::find_page(const std::optional<Place>& after, MonoTime deadline) {
  if (order_->by_row()) return page_by_row(after, deadline);
  if (plan_.dense && page_by_sort_index(after, deadline)) return;
  page_by_collecting(after, deadline, false, query_.count + 1);
}

/// Every candidate that satisfies the query, in ascending order of rows; `accept` says false when it has enough.
template <class Accept>
void Search::matches(std::int64_t after, MonoTime deadline, Accept accept) {
  if (plan_.streams()) {
    Run run = plan_.ranges.front().rows(connection_, after);
    while (run.step()) {
      const std::int64_t row = run.integer(0);
      if (satisfied(row, deadline) && !accept(row)) return;
    }
    return;
  }
  std::vector<std::int64_t> rows;
  for (const Range& range : plan_.ranges) {
    Run run = range.rows(connection_, after);
    while (run.step()) rows.push_back(run.integer(0));
  }
  std::ranges::sort(rows);
  const auto twins = std::ranges::unique(rows);
  rows.erase(twins.begin(), twins.end());
  for (const std::int64_t row : rows)
    if (satisfied(row, deadline) && !accept(row)) return;
}

bool Search::satisfied(std::int64_t row, MonoTime deadline) {
  if (++tested_ % clock_every == 0 && clock_.mono() > deadline) throw Stopped{};
  if (!with_bodies_ && !asks_) {
    Run run = connection_.query("SELECT entries FROM entry WHERE row = ?1", row);
    return run.step() && satisfied_by(row, run.blob(0));
  }
  Run run = connection_.query(
      "SELECT e.entries, r.id, r.version, r.updated, r.live, r.patients, r.body FROM entry e CROSS JOIN resource r ON "
      "r.row = e.row "
      "WHERE e.row = ?1 AND r.version > 0",
      row);
  if (!run.step() || !satisfied_by(row, run.blob(0))) return false;
  version_ = version_of(run, query_.type, 1);
  return !asks_ || predicate_.satisfied(entries_, &version_);
}

bool Search::satisfied_by(std::int64_t row, std::string_view entries) {
  record_.assign(entries);
  if (!decode(record_, entries_)) throw Failure{SQLITE_CORRUPT};
  return predicate_.satisfied(entries_) && (predicate_.words.empty() || has_words(row));
}

bool Search::has_words(std::int64_t row) {
  return std::ranges::all_of(predicate_.words, [&](const std::string& expression) {
    return connection_.number("SELECT 1 FROM full_text WHERE full_text MATCH ?1 AND rowid = ?2",
                              std::string_view(expression), row) == 1;
  });
}

/// What is wanted of a resource of which only the id is wanted: all of it stands in its record.
void Search::note_ids(std::int64_t row) {
  found_.push_back({.keys = {}, .row = row});
  Version& version = versions_.emplace_back();
  version.type = query_.type;
  version.id = entries_.id;
  version.patients.assign(entries_.patients.begin(), entries_.patients.end());
  if (referred_by_ == 0 || found_.size() > query_.count) return;
  for (const Entries::Reference& e : entries_.references)
    if (e.param == referred_by_) referred_.insert(e.target);
}

std::vector<std::string> Search::referred_ids() {
  std::vector<std::string> ids;
  const auto type = names_.type(query_.referred_type);
  if (!type) return ids;
  for (const std::int64_t row : referred_) {
    Run run = connection_.query("SELECT id FROM resource WHERE row = ?1 AND type = ?2", row, *type);
    if (run.step()) ids.emplace_back(run.text(0));
  }
  std::ranges::sort(ids);
  return ids;
}

// Nearly all candidates of a page without an order are found, so each is read whole while it is tested: one statement
// for each instead of two.
void Search::page_by_row(const std::optional<Place>& after, MonoTime deadline) {
  if (query_.ids_only)
    return matches(after ? after->row : -1, deadline, [&](std::int64_t row) {
      note_ids(row);
      return found_.size() <= query_.count;
    });
  with_bodies_ = true;
  matches(after ? after->row : -1, deadline, [&](std::int64_t row) {
    found_.push_back({.keys = {}, .row = row});
    versions_.push_back(std::move(version_));
    return found_.size() <= query_.count;
  });
  with_bodies_ = false;
}

// Keeps the first `room` places behind `after`; `unvalued`: only resources without a value to sort by first.
void Search::page_by_collecting(const std::optional<Place>& after, MonoTime deadline, bool unvalued, std::size_t room) {
  std::vector<Place> heap;
  const auto before = [&](const Place& a, const Place& b) { return order_->before(a, b); };
  matches(-1, deadline, [&](std::int64_t row) {
    Place place = order_->place(entries_, row);
    if (unvalued && place.keys.front()) return true;
    if (after && !before(*after, place)) return true;
    if (heap.size() == room && !before(place, heap.front())) return true;
    heap.push_back(std::move(place));
    std::ranges::push_heap(heap, before);
    if (heap.size() > room) {
      std::ranges::pop_heap(heap, before);
      heap.pop_back();
    }
    return true;
  });
  std::ranges::sort_heap(heap, before);
  std::ranges::move(heap, std::back_inserter(found_));
}

// A large set is not collected to be sorted: the index of the first sort parameter gives it in order. Resources with
// equal keys come together as a group; the group is put in order by the other keys.
bool Search::page_by_sort_index(const std::optional<Place>& after, MonoTime deadline) {
  const SortStream* stream = find_sort_stream(order_->first(), order_->first_param(), connection_);
  if (stream == nullptr) return false;
  std::string group_key;
  std::vector<Place> group;
  const auto before = [&](const Place& a, const Place& b) { return order_->before(a, b); };
  // A resource comes once for each of its values with that key. No more than a page of a group is ever needed.
  const auto tidy_group = [&] {
    std::ranges::sort(group, before);
    const auto twins = std::ranges::unique(group, {}, &Place::row);
    group.erase(twins.begin(), twins.end());
    if (group.size() > query_.count + 1) group.resize(query_.count + 1);
  };
  const auto close_group = [&] {
    tidy_group();
    std::ranges::move(group, std::back_inserter(found_));
    group.clear();
  };
  if (!after || after->keys.front()) {
    std::optional<std::string> from;
    if (after) from = after->keys.front();
    Run run = open_sort_stream(*stream, order_->first(), type_, order_->first_param(), from, connection_);
    while (run.step()) {
      std::string key = stream->key(run);
      if (key != group_key) {
        close_group();
        if (found_.size() > query_.count) return true;
        group_key = std::move(key);
      }
      const std::int64_t row = run.integer(0);
      if (!satisfied(row, deadline)) continue;
      Place place = order_->place(entries_, row);
      // Of several values only the one counts that the order is by; string keys are cut in the index.
      const bool own =
          stream->cut ? place.keys.front()->substr(0, string_key_bytes) == group_key : *place.keys.front() == group_key;
      if (!own || (after && !before(*after, place))) continue;
      group.push_back(std::move(place));
      if (group.size() > 4 * query_.count + 1000) tidy_group();
    }
    close_group();
    if (found_.size() > query_.count) return true;
  }
  if (stream->total) return true;  // every resource has a value
  page_by_collecting(after, deadline, true, query_.count + 1 - found_.size());
  return true;
}

/// Whether any resource of the type has one of these marks: they are kept like patients.
bool Search::has_any(const std::vector<std::string_view>& marks) {
  const auto patient_type = marks.empty() ? std::nullopt : names_.type("Patient");
  return patient_type && std::ranges::any_of(marks, [&](std::string_view mark) {
           const auto row = names_.row(*patient_type, mark);
           return row &&
                  connection_.number("SELECT 1 FROM compartment WHERE patient = ?1 AND type = ?2 LIMIT 1", *row, type_);
         });
}

std::optional<std::uint64_t> Search::count_all(std::chrono::milliseconds limit) {
  if (plan_.nothing) return 0;
  const bool whole_type = !asks_ && predicate_.needs.empty() && predicate_.words.empty() &&
                          std::ranges::any_of(predicate_.sights, [&](const Sight& sight) {
                            return sight.all && sight.also.empty() && !has_any(sight.sealed);
                          });
  if (whole_type) {
    const auto count = connection_.number("SELECT count(*) FROM resource WHERE type = ?1 AND live = 1", type_);
    return std::uint64_t(count.value_or(0));
  }
  std::uint64_t count = 0;
  try {
    matches(-1, clock_.mono() + limit, [&](std::int64_t) { return ++count, true; });
  } catch (const Stopped&) {
    return std::nullopt;
  }
  return count;
}

}  // namespace ward::store
