// history of one resource: decided on each version and on the current one, in pages.
#include "fhir/history_bundle.hpp"
#include "fhir/history_times.hpp"
#include "fhir/interactions.hpp"
#include "fhir/links.hpp"
#include "fhir/operations/common.hpp"
#include "fhir/visible.hpp"
#include "services.hpp"

#include <charconv>

namespace ward::door {
namespace {

using boost::asio::awaitable;

constexpr std::size_t page_default = 100, page_max = 1'000;
constexpr std::size_t page_bytes_max = 32u << 20;
constexpr std::size_t read_min = 20;         // versions that are read ahead, as some may not be shown
constexpr std::size_t looked_max = 100'000;  // versions that one request looks at; older ones behind them are not found

/// Where a page begins: behind this version, which was the last one shown, in a page of the backend.
struct Place {
  std::uint64_t below = UINT64_MAX;     // versions
  std::int64_t next_shown = INT64_MAX;  // when the version came that was shown before; milliseconds since 1970
  std::string page;                     // the backend's
};

std::string text_of(const Place& place) { return fmt::format("{} {} {}", place.below, place.next_shown, place.page); }

/// A sealed position is one of ours.
Place place_of(std::string_view text) {
  Place place;
  if (text.empty()) return place;
  const char* const end = text.data() + text.size();
  const auto below = std::from_chars(text.data(), end, place.below);
  const auto shown = std::from_chars(std::min(below.ptr + 1, end), end, place.next_shown);
  place.page.assign(std::min(shown.ptr + 1, end), end);
  return place;
}

fhir::Search as_search(const Exchange& x) {
  fhir::Search link;
  link.query.type = fmt::format("{}/{}/_history", x.fhir.type, x.fhir.id);
  link.applied = without_page(x.query);
  return link;
}

std::int64_t milliseconds(const store::Version& version) { return version.updated.time_since_epoch().count(); }

/// Walks from the newest version to older ones, and keeps a page of what is shown.
class Walk {
 public:
  Walk(Exchange& x, const HistoryTimes& times, std::size_t count, Place begin)
      : x_(x), times_(times), count_(count), now_(std::move(begin)) {}

  awaitable<Allowed<void>> run() {
    const std::size_t ahead = std::clamp(count_ + 1, read_min, page_max);
    std::size_t looked = 0;
    while (!done_ && looked < looked_max) {
      auto some = co_await backend_of(x_).history(x_, x_.fhir.type, x_.fhir.id, ahead, now_.page);
      if (!some) co_return refuse(some.error());
      looked += some->found.size();
      for (store::Version& version : some->found) {
        take(version);
        if (done_) break;
      }
      if (some->next.empty()) break;
      now_.page = std::move(some->next);
    }
    co_return Allowed<void>{};
  }

  std::vector<store::Version>& found() { return found_; }
  const std::string& next() const { return next_; }

 private:
  /// A version lasts until the next one that is shown: when one came that is not shown must not be found out.
  void take(store::Version& version) {
    if (version.version >= now_.below || !sees(x_, *x_.grant, version)) return;
    const std::int64_t updated = milliseconds(version);
    done_ = updated < times_.since || (times_.from && now_.next_shown <= *times_.from);
    if (done_) return;
    const bool matches = !times_.from || updated < times_.until;
    if (matches && (found_.size() == count_ || bytes_ >= page_bytes_max)) {
      next_ = text_of(last_);
      done_ = true;
      return;
    }
    now_.below = version.version;
    now_.next_shown = updated;
    if (!matches) return;
    last_ = now_;
    bytes_ += version.body.inside().size();
    found_.push_back(std::move(version));
  }

  Exchange& x_;
  const HistoryTimes& times_;
  const std::size_t count_;
  Place now_, last_;
  std::vector<store::Version> found_;
  std::size_t bytes_ = 0;
  std::string next_;
  bool done_ = false;
};

}  // namespace

awaitable<Allowed<void>> history(Exchange& x) {
  x.record.event = audit::event::phi_read;
  x.record.action = 'R';
  if (auto known = only_parameters(x, {"_count", "_since", "_at", page_param}); !known) co_return refuse(known.error());
  const auto count = number_of(x, "_count", page_default, page_max);
  if (!count) co_return refuse(count.error());
  const auto times = history_times(x);
  if (!times) co_return refuse(times.error());
  if (times->any())
    if (auto checked = check_times(*x.grant, x.fhir.type); !checked) co_return checked;
  const fhir::Search link = as_search(x);
  const auto position = asked_position(x, link);
  if (!position) co_return refuse(position.error());
  const auto now = co_await current_of(x, *x.grant);
  if (!now) co_return refuse(now.error());

  Walk walk(x, *times, *count, place_of(*position));
  auto walked = co_await walk.run();
  if (!walked) co_return walked;
  const bool whole = position->empty() && walk.next().empty();
  HistoryBundle bundle(x, *x.grant, fhir::self_link(x.route->base, link),
                       walk.next().empty() ? "" : next_link(x, link, walk.next()),
                       whole ? std::optional(walk.found().size()) : std::nullopt);
  for (store::Version& version : walk.found())
    if (auto added = bundle.add(*x.grant, version); !added) co_return added;
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = std::move(bundle).finish();
  co_return Allowed<void>{};
}

}  // namespace ward::door
