#include "upstream/recent.hpp"

#include "base/encoding.hpp"

#include <charconv>
#include <deque>
#include <queue>
#include <tuple>

namespace ward::door {
namespace {

using boost::asio::awaitable;

constexpr std::size_t found_at_once = 200;    // resources, by one search
constexpr std::size_t searches_max = 300;     // for one page
constexpr std::size_t resources_max = 5'000;  // whose versions are waited for at one time
constexpr std::size_t read_at_once = 50;      // versions, by one read of a history
constexpr std::size_t reads_max = 1'000;      // of histories, for one page

Refusal too_costly() {
  return {.status = 400,
          .code = "search_too_costly",
          .kind = CauseKind::validation,
          .cause = "history in front of another server",
          .issues = {{.code = "too-costly",
                      .diagnostics = "this history is of too many resources; give _since, or ask for one type or one "
                                     "resource"}}};
}

/// Where a version stands: newest first.
struct Place {
  std::int64_t updated = INT64_MAX;
  std::string type, id;
  std::uint64_t version = UINT64_MAX;

  auto key() const { return std::tie(updated, type, id, version); }
  bool operator<(const Place& other) const { return key() < other.key(); }
};

std::int64_t milliseconds(const store::Version& version) { return version.updated.time_since_epoch().count(); }

Place place_of(const store::Version& version) {
  return {milliseconds(version), version.type, version.id, version.version};
}

std::string text_of(const Place& place) {
  return fmt::format("{} {} {} {}", place.updated, place.version, place.type, place.id);
}

/// A position is one of ours: it came sealed.
std::optional<Place> read_place(std::string_view text) {
  Place place;
  const char* const end = text.data() + text.size();
  const auto updated = std::from_chars(text.data(), end, place.updated);
  if (updated.ec != std::errc() || updated.ptr == end) return std::nullopt;
  const auto version = std::from_chars(updated.ptr + 1, end, place.version);
  if (version.ec != std::errc() || version.ptr == end) return std::nullopt;
  const std::string_view rest(version.ptr + 1, std::size_t(end - version.ptr - 1));
  const std::size_t space = rest.find(' ');
  if (space == rest.npos) return std::nullopt;
  place.type = rest.substr(0, space);
  place.id = rest.substr(space + 1);
  return place;
}

/// A resource with as much of its history as was needed.
struct Line {
  store::Version current;
  std::vector<store::Version> older;  // newest first
  std::size_t next = 0;               // in `older`
  std::string page;                   // of its history
  bool opened = false;
  std::uint64_t below = 0;              // the version that was taken last
  std::int64_t next_shown = INT64_MAX;  // when the version came that was shown before
};

/// The resources of one type, by when they were changed last.
struct Feed {
  fhir::Search search;
  bool open = true;                  // there may be more
  bool sorted = true;                // as it was asked; else nothing is known before all of it was read
  std::int64_t reached = INT64_MAX;  // what is still to come is not newer

  std::int64_t newest_to_come() const { return sorted ? reached : INT64_MAX; }
};

class Merge {
 public:
  Merge(Backend& backend, Exchange& x, const store::History& asked) : backend_(backend), x_(x), asked_(asked) {}

  awaitable<Allowed<store::HistoryPage>> run() {
    if (!asked_.after.empty()) {
      begin_ = read_place(asked_.after);
      if (!begin_) co_return refuse(refusal_of_read(Error("page_invalid", "no place in a history")));
    }
    for (const store::History::Of& of : asked_.of) feeds_.push_back(feed_of(of));
    while (page_.next.empty()) {
      auto read = co_await read_ahead();
      if (!read) co_return refuse(read.error());
      if (heads_.empty()) break;
      const std::size_t line = heads_.top().second;
      heads_.pop();
      auto taken = co_await take(lines_[line], line);
      if (!taken) co_return refuse(taken.error());
    }
    co_return std::move(page_);
  }

 private:
  Feed feed_of(const store::History::Of& of) const {
    Feed feed;
    feed.search.query.type = of.type;
    feed.search.query.visible = {{.all = of.all, .patients = of.patients, .also = {}}};
    feed.search.query.count = found_at_once;
    feed.search.applied.emplace_back("_sort", "-_lastUpdated");
    if (asked_.since != INT64_MIN) {
      const auto since = WallTime(std::chrono::milliseconds(asked_.since));
      feed.search.applied.emplace_back("_lastUpdated", "ge" + rfc3339(since));
    }
    return feed;
  }

  /// Reads on in every feed from which something newer than the newest head may still come.
  awaitable<Allowed<void>> read_ahead() {
    for (Feed& feed : feeds_) {
      while (feed.open && (heads_.empty() || heads_.top().first.updated <= feed.newest_to_come())) {
        auto read = co_await read_on(feed);
        if (!read) co_return read;
      }
    }
    co_return Allowed<void>{};
  }

  /// A server that does not know the type has nothing of it.
  awaitable<Allowed<void>> read_on(Feed& feed) {
    if (++searches_ > searches_max) co_return refuse(too_costly());
    auto some = co_await backend_.search(x_, feed.search);
    const bool unknown =
        !some && feeds_.size() > 1 && some.error().kind == CauseKind::upstream && some.error().status == 400;
    if (!some && !unknown) co_return refuse(some.error());
    feed.open = false;
    if (unknown) co_return Allowed<void>{};
    for (store::Version& version : some->found) {
      feed.sorted = feed.sorted && milliseconds(version) <= feed.reached;
      feed.reached = milliseconds(version);
      if (auto added = add(std::move(version)); !added) co_return added;
    }
    feed.open = !some->next.empty();
    feed.search.query.after = std::move(some->next);
    co_return Allowed<void>{};
  }

  Allowed<void> add(store::Version version) {
    const bool passed = version.version <= 1 && begin_ && !(place_of(version) < *begin_);  // on a page before
    if (passed || !asked_.sees(version, version)) return {};
    if (heads_.size() == resources_max) return refuse(too_costly());
    Line line;
    line.current = std::move(version);
    lines_.push_back(std::move(line));
    heads_.push({place_of(lines_.back().current), lines_.size() - 1});
    return {};
  }

  /// Takes the version at the head of a line, and puts the next one in its place.
  awaitable<Allowed<void>> take(Line& line, std::size_t index) {
    store::Version* const version = line.below == 0 ? &line.current : &line.older[line.next++];
    line.below = version->version;
    const Place place = place_of(*version);
    const bool shown = line.below == line.current.version || asked_.sees(*version, line.current);
    // Older ones are older still; and a version lasts until the next one that is shown.
    if (place.updated < asked_.since) co_return Allowed<void>{};
    if (shown && asked_.from && line.next_shown <= *asked_.from) co_return Allowed<void>{};
    if (shown) {
      line.next_shown = place.updated;
      const bool matches = place.updated < asked_.until && (!begin_ || place < *begin_);
      if (matches && page_.found.size() == asked_.count) {
        page_.next = text_of(last_);
        co_return Allowed<void>{};
      }
      if (matches) {
        last_ = place;
        page_.found.push_back(line.below == line.current.version ? copy_of(line.current) : std::move(*version));
      }
    }
    auto more = co_await refill(line);
    if (!more) co_return more;
    if (line.next < line.older.size()) heads_.push({place_of(line.older[line.next]), index});
    co_return Allowed<void>{};
  }

  /// Reads on in a line's history until there is a version that was not taken yet.
  awaitable<Allowed<void>> refill(Line& line) {
    while (line.next == line.older.size() && line.below > 1 && (!line.opened || !line.page.empty())) {
      if (++reads_ > reads_max) co_return refuse(too_costly());
      auto some = co_await backend_.history(x_, line.current.type, line.current.id, read_at_once, line.page);
      if (!some) co_return refuse(some.error());
      line.opened = true;
      line.older.clear();
      line.next = 0;
      for (store::Version& version : some->found)
        if (version.version < line.below) line.older.push_back(std::move(version));
      line.page = std::move(some->next);
    }
    co_return Allowed<void>{};
  }

  static store::Version copy_of(const store::Version& version) {
    store::Version copy{.type = version.type,
                        .id = version.id,
                        .version = version.version,
                        .updated = version.updated,
                        .deleted = version.deleted,
                        .body = Phi<Buffer>(Buffer(version.body.inside().view())),
                        .patients = version.patients};
    return copy;
  }

  Backend& backend_;
  Exchange& x_;
  const store::History& asked_;
  std::optional<Place> begin_;
  std::vector<Feed> feeds_;
  std::deque<Line> lines_;  // stay where they are
  std::priority_queue<std::pair<Place, std::size_t>> heads_;
  std::size_t searches_ = 0, reads_ = 0;
  Place last_;
  store::HistoryPage page_;
};

}  // namespace

awaitable<Allowed<store::HistoryPage>> recent_by_resource(Backend& backend, Exchange& x, const store::History& asked) {
  Merge merge(backend, x, asked);
  auto page = co_await merge.run();
  co_return page;
}

}  // namespace ward::door
