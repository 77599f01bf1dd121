// The store: FHIR resources, their versions and their search indexes on disk, in one SQLite file.
//
// One face, room for more engines (PostgreSQL): nothing above this face writes SQL. Design: one clustered table per
// kind of search parameter; docs/formats/store.md says what lies on disk.
#pragma once

#include "base/buffer.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/permit.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ward::store {

// ---- what the index of one resource version holds (made by the fhir room in the request's own thread) ----
//
// `group` says which element of the resource a value is from: 0 for the resource itself, else the same number for all
// that stands in one element (a component of an Observation), so that composite parameters can ask for both at once.

struct TokenEntry {  // token parameters; also :identifier of references ("subject:identifier" as param)
  std::string param;
  std::string system;  // empty: none
  std::string code;
  std::uint32_t group = 0;
};
struct StringEntry {
  std::string param;
  std::string folded;  // case, accents and white space folded (ICU), for prefix and contains
  std::string exact;
  std::uint32_t group = 0;
};
struct DateEntry {  // the interval that the value covers, milliseconds since 1970 UTC, [low, high)
  std::string param;
  std::int64_t low, high;
  std::uint32_t group = 0;
};
struct NumberEntry {  // the interval of the value with its implied precision
  std::string param;
  double low, high;
  std::uint32_t group = 0;
};
struct QuantityEntry {
  std::string param;
  std::string system, code, unit;
  double low, high;
  std::uint32_t group = 0;
};
struct ReferenceEntry {
  std::string param;
  std::string type, id;  // a local target; or
  std::string url;       // an absolute URL elsewhere (type and id empty)
  std::uint32_t group = 0;
};
struct UriEntry {
  std::string param;
  std::string value;
  std::uint32_t group = 0;
};

struct IndexEntries {
  std::vector<TokenEntry> tokens;
  std::vector<StringEntry> strings;
  std::vector<DateEntry> dates;
  std::vector<NumberEntry> numbers;
  std::vector<QuantityEntry> quantities;
  std::vector<ReferenceEntry> references;
  std::vector<UriEntry> uris;
  /// Ids of the patients in whose compartment the resource is; behind them marks ("#ETH"), which are searched by like
  /// them and sealed by (`VisibleBranch::sealed`).
  std::vector<std::string> patients;
  std::string narrative = {};         // the words of the narrative, for `_text`
  std::string content = {};           // all other words of the resource, for `_content`
};

/// Who treats, cares for, or acts for whom: rows that access derives from a resource when it is written, and that go
/// when the resource changes. `source` is "CareTeam/12".
struct Relationship {
  std::string person;   // "Practitioner/3", "Patient/7", "Organization/2" ...
  std::string patient;  // id
  std::string kind;     // self | delegate | parent | care-team | panel | department | member | linked
  std::int64_t from_ms = INT64_MIN, until_ms = INT64_MAX;
};

// ---- reading ----

struct Version {
  std::string type, id;
  std::uint64_t version = 0;  // 1, 2, 3 ...
  WallTime updated{};
  bool deleted = false;
  Phi<Buffer> body;                   // as it came, with meta.versionId and meta.lastUpdated set; empty if deleted
  std::vector<std::string> patients;  // and marks
};

// ---- searching ----

struct TokenIs {
  std::optional<std::string> system;
  std::optional<std::string> code;
};  // |code: system ""; code: system nullopt; system|: code nullopt
struct StringIs {
  enum How { prefix, exact, contains } how;
  std::string text;
};  // text folded unless exact
/// R4 prefixes. Dates compare intervals. A number's value is the middle of its interval: eq holds if it lies in the
/// search's interval, the other prefixes compare the two middles (R4 search, "Number": precision is ignored there).
enum class Compare : std::uint8_t { eq, ne, lt, gt, le, ge, sa, eb, ap };
struct DateIs {
  Compare how;
  std::int64_t low, high;
};
struct NumberIs {
  Compare how;
  double low, high;
};
struct QuantityIs {
  Compare how;
  double low, high;
  std::optional<std::string> system;
  std::string code;
};  // code empty: any unit
struct ReferenceIs {
  std::string type, id, url;
};  // type empty: any of the parameter's targets
struct UriIs {
  std::string value;
  bool below = false, above = false;
};
struct IdIs {
  std::string id;
};
struct UpdatedIs {
  Compare how;
  std::int64_t low, high;
};
/// Words that all occur, of the parameters `_text` and `_content`: folded as SQLite's unicode61 does it, a word of
/// several tokens is a phrase. Each has a letter or digit.
struct TextIs {
  std::vector<std::string> words;
};
/// A place within `km` of a point, in degrees (WGS84), by great circle. The resource's latitude is a number of the
/// parameter, its longitude one of "PARAM:longitude".
struct NearIs {
  double latitude, longitude, km;
};
using Match =
    std::variant<TokenIs, StringIs, DateIs, NumberIs, QuantityIs, ReferenceIs, UriIs, IdIs, UpdatedIs, TextIs, NearIs>;

/// One search parameter: any of `any_of` (a,b,c), or with `negate` none of them (also true without a value), or with
/// `missing` whether it has a value at all. With `together`, none of these: any of its lists, all of whose conditions
/// hold for values of one element (`group`); so a list of one is an alternative by another parameter. Lists are not
/// nested.
struct Condition {
  std::string param;
  std::vector<Match> any_of;
  bool negate = false;
  std::optional<bool> missing;
  std::vector<std::vector<Condition>> together = {};
  bool anywhere = false;  // in such a list: by a value of any element
};

/// What the caller may see: the resource must satisfy one branch. `all`: no patient test. Otherwise its patients must
/// include one of `patients`. `also`: search constraints of the scope, as conditions. `sealed`: marks, none of which it
/// may have. `sees`: what else decides, if set; asked in the reader's thread of what is a match otherwise.
struct VisibleBranch {
  bool all = false;
  std::vector<std::string> patients;
  std::vector<Condition> also;
  std::vector<std::string> sealed = {};
  std::function<bool(const Version&)> sees = nullptr;
};
using Visible = std::vector<VisibleBranch>;

enum class Total : std::uint8_t { none, estimate, accurate };

struct Sort {
  std::string param;  // "_id", "_lastUpdated" or a search parameter
  bool descending = false;
};

struct Query {
  std::string type;
  std::vector<Condition> all_of;
  Visible visible;         // empty: nothing is visible
  std::vector<Sort> sort;  // at most 3; then by row
  std::size_t count = 50;  // at most 10'000; 0: only the total
  std::string after;       // `Page::next` of the page before; opaque here, sealed by the caller
  Total total = Total::none;
  /// Only type, id and patients of what is found are wanted, in no order; bodies need not be read.
  bool ids_only = false;
  /// With `ids_only`: also what the found refer to by this parameter, of this type.
  std::string referred_by = {}, referred_type = {};
};

struct Page {
  std::vector<Version> found;
  std::string next;  // empty: no more
  std::optional<std::uint64_t> total;
  std::vector<std::string> referred = {};  // ids, sorted, each once: see Query::referred_by
};

// ---- the history of types ----

/// Versions of all resources of some types, newest first: by when they were written, then by row and version.
struct History {
  /// Whose versions of a type are looked through: everybody's, or those that belonged to one of `patients`.
  struct Of {
    std::string type;
    bool all = false;
    std::vector<std::string> patients;
  };
  std::vector<Of> of;                // together at most `history_ranges_max` patients (everybody counts as one)
  std::int64_t since = INT64_MIN;    // milliseconds since 1970: written then or later
  std::optional<std::int64_t> from;  // with `until`: versions that were current at some time in [from, until)
  std::int64_t until = INT64_MAX;
  std::size_t count = 50;  // at most 10'000
  std::string after;       // `HistoryPage::next` of the page before; opaque here, sealed by the caller
  /// Decides on a version and on the current one of its resource (the same for the newest). What it does not see leaves
  /// no trace in the page. Called in the reader's thread.
  std::function<bool(const Version& version, const Version& current)> sees;
};
inline constexpr std::size_t history_ranges_max = 4'000;

struct HistoryPage {
  std::vector<Version> found;
  std::string next;  // empty: no more
};

/// Reads. One per thread; one read transaction per call; prepared statements are kept per shape. Calls block for as
/// long as SQLite takes (point reads: microseconds). Errors: "store_failed" (disk), and of search "invalid_query" (more
/// than 3 sorts or 10'000 of a page, or an `after` of another search) and "search_too_costly" (after 5 s).
/// A total that takes longer than 0.3 s to count (0.1 s for an estimate) is left out.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<std::optional<Version>> read(std::string_view type, std::string_view id) = 0;  // current, also deleted
  virtual Result<std::optional<Version>> read_version(std::string_view type, std::string_view id,
                                                      std::uint64_t version) = 0;
  /// Newest first.
  virtual Result<std::vector<Version>> history(std::string_view type, std::string_view id, std::size_t limit,
                                               std::optional<std::uint64_t> before) = 0;
  virtual Result<Page> search(const Query&) = 0;
  /// Errors as of `search`; "page_invalid" for an `after` that is none.
  virtual Result<HistoryPage> recent(const History&) = 0;
  /// Of these references ("Patient/1"), those that do not exist (or are deleted).
  virtual Result<std::vector<std::string>> missing(const std::vector<std::string>& references) = 0;
  /// Patients of a person by kind of relationship at `now`.
  virtual Result<std::vector<std::string>> related(std::string_view person, std::string_view kind, WallTime now) = 0;
  /// When the result of any `related` for anyone may next change by itself, and a generation that grows with each write
  /// of a relationship.
  virtual std::uint64_t relationship_generation() = 0;
  /// A room's own values (identity, quotas ...): see Store::put.
  virtual Result<std::optional<std::string>> get(std::string_view space, std::string_view key) = 0;
  virtual Result<std::vector<std::pair<std::string, std::string>>> list(std::string_view space,
                                                                        std::string_view after_key,
                                                                        std::size_t limit) = 0;
  /// Dangling references: targets that were named but do not exist.
  virtual Result<std::vector<std::string>> dangling(std::size_t limit) = 0;
};

// ---- writing ----

enum class Operation : std::uint8_t { create, update, remove };

struct Change {
  Operation operation;
  std::string type, id;
  std::optional<std::uint64_t> expected_version;  // If-Match, or the version that was decided on; 0: must not exist
  Buffer body;                                    // without meta.versionId/lastUpdated; the store sets them by span
  IndexEntries index;
  std::vector<Relationship> relationships;
};

struct Done {
  std::uint64_t version;
  WallTime updated;
};

/// A put that waits in the writer's queue. Puts become durable in the order in which they were queued.
class Queued {
 public:
  /// Called once with the outcome, on the writer's thread.
  using Completion = std::move_only_function<void(Result<void>)>;

  Queued();
  /// Tells the outcome; the writer calls it.
  Completion completion() const;
  /// Waits for the outcome: once, from one coroutine, which goes on on its own executor.
  boost::asio::awaitable<Result<void>> done();
  /// The same for a thread that may block.
  Result<void> wait();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Errors of write: "version_conflict" (expected_version does not hold, or create of what exists), "not_found" (remove
/// of what does not), "invalid_change" (malformed, or one resource twice in a set), "store_busy" (the queue is full;
/// try again), "store_failed" (disk; the store mends itself when the disk does). A change set is atomic: all or none.
/// After "store_failed" a change may or may not be found after the next start: `committed_intents` tells.
///
/// Any thread. A suspended `write` cannot be cancelled; its executor must outlive it. The destructor finishes what was
/// taken and joins the threads; readers are destroyed before.
class Store {
 public:
  virtual ~Store() = default;

  /// One writer thread: takes what waits (up to 256 change sets or 2 ms), one transaction, synchronous=FULL. A change
  /// set that fails rolls back alone. Resumes on the caller's executor. `permit` carries the INTENT's index into the
  /// rows.
  virtual boost::asio::awaitable<Result<std::vector<Done>>> write(std::vector<Change> changes, ChangePermit permit) = 0;

  /// The same from a thread that may block (import, start-up).
  virtual Result<std::vector<Done>> write_blocking(std::vector<Change> changes, ChangePermit permit) = 0;

  /// A room's own values, by space and key ("identity.client", "app1"). An absent value removes. Durable on return.
  /// Not for resources. `value_bytes_max` 1 MiB.
  struct Entry {
    std::string space, key;
    std::optional<std::string> value;
  };
  virtual Result<void> put(std::vector<Entry> entries) = 0;
  /// Queues the same and returns at once. Who changes memory and queues under one lock keeps both in one order.
  virtual Queued queue(std::vector<Entry> entries) = 0;

  virtual Result<std::unique_ptr<Reader>> reader() = 0;

  /// For start-up settlement: which of these INTENT indexes have committed changes.
  virtual Result<std::vector<std::uint64_t>> committed_intents(const std::vector<std::uint64_t>& intents) = 0;

  /// A number that identifies this data set; part of sealed links.
  virtual std::uint64_t generation() const = 0;

  /// False from a failed commit until one succeeds again (tried every 200 ms). For /readyz.
  virtual bool healthy() const = 0;
};

struct Options {
  std::filesystem::path file;
  std::size_t batch_max = 256;
  std::chrono::microseconds linger{2000};
  std::uint64_t cache_bytes = 128u << 20;  // of the writer; each reader has a quarter
  std::size_t queue_max = 4096;            // change sets that wait; more are "store_busy"
  std::uint64_t queue_bytes_max = 256u << 20;
};

/// Opens or creates; migrates forward by `schema`'s version. A file of a newer version is an error that says so.
Result<std::unique_ptr<Store>> open_sqlite(const Options&, Clock&);

}  // namespace ward::store
