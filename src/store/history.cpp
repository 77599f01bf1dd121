#include "history.hpp"

#include <algorithm>
#include <charconv>

namespace ward::store {
namespace {

using namespace std::chrono_literals;
constexpr auto walk_time_max = 5s;
constexpr std::size_t count_max = 10'000;
constexpr std::size_t at_once_min = 4, at_once_max = 256;  // places that a range reads ahead
constexpr unsigned clock_every = 64;                       // versions between two looks at the clock

/// "updated.row.version"; nothing for another text.
std::optional<std::array<std::int64_t, 3>> numbers_of(std::string_view text) {
  std::array<std::int64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(std::size_t(end - text.data()));
    if (i + 1 < numbers.size()) {
      if (!text.starts_with('.')) return std::nullopt;
      text.remove_prefix(1);
    }
  }
  if (!text.empty()) return std::nullopt;
  return numbers;
}

}  // namespace

HistoryWalk::HistoryWalk(const History& asked, Names& names, Connection& connection, Clock& clock,
                         const Sources& sources)
    : asked_(asked), names_(names), connection_(connection), clock_(clock), sources_(sources) {}

Result<HistoryPage> HistoryWalk::run() {
  if (asked_.count > count_max)
    return fail("invalid_query", fmt::format("store: a page holds {} versions at most", count_max));
  if (asked_.until != INT64_MAX) begin_ = {asked_.until, INT64_MIN, INT64_MIN};
  if (!asked_.after.empty()) {
    const auto numbers = numbers_of(asked_.after);
    if (!numbers) return fail("page_invalid", "store: this is no place in a history");
    begin_ = std::min(begin_, Place{(*numbers)[0], (*numbers)[1], (*numbers)[2]});
  }
  if (auto opened = open_ranges(); !opened) return std::unexpected(opened.error());

  const MonoTime deadline = clock_.mono() + walk_time_max;
  HistoryPage page;
  Place before = begin_, last;
  for (unsigned steps = 1; !heads_.empty(); ++steps) {
    const Head head = heads_.top();
    heads_.pop();
    push_next(head.range);
    if (head.place == before) continue;  // of two patients
    before = head.place;
    if (steps % clock_every == 0 && clock_.mono() > deadline)
      return fail("search_too_costly", "store: the history is too long; ask for less time or one type");
    auto version = shown(head.place, ranges_[head.range].name);
    if (!version) continue;
    if (page.found.size() == asked_.count) {
      page.next = fmt::format("{}.{}.{}", last.updated, last.row, last.version);
      break;
    }
    page.found.push_back(std::move(*version));
    last = head.place;
  }
  return page;
}

Result<void> HistoryWalk::open_ranges() {
  const auto patient_type = names_.type("Patient");
  for (const History::Of& of : asked_.of) {
    const auto type = names_.type(of.type);
    if (!type) continue;
    if (of.all) ranges_.push_back({0, *type, of.type, begin_, {}, 0});
    if (of.all || !patient_type) continue;
    for (const std::string& patient : of.patients)
      if (const auto row = names_.row(*patient_type, patient)) ranges_.push_back({*row, *type, of.type, begin_, {}, 0});
    if (ranges_.size() > history_ranges_max) break;
  }
  if (ranges_.size() > history_ranges_max) open_ranges_of_everybody();
  at_once_ = std::clamp(2 * asked_.count / std::max<std::size_t>(1, ranges_.size()), at_once_min, at_once_max);
  for (std::size_t i = 0; i < ranges_.size(); ++i) push_next(i);
  return {};
}

/// Of so many patients each would cost a read before the first version is found: all are walked, and `sees` decides.
void HistoryWalk::open_ranges_of_everybody() {
  ranges_.clear();
  for (const History::Of& of : asked_.of)
    if (const auto type = names_.type(of.type)) ranges_.push_back({0, *type, of.type, begin_, {}, 0});
}

void HistoryWalk::push_next(std::size_t range) {
  Range& of = ranges_[range];
  if (of.next == of.read.size()) fill(of);
  if (of.next < of.read.size()) heads_.push({of.read[of.next++], range});
}

void HistoryWalk::fill(Range& range) {
  range.read.clear();
  range.next = 0;
  Run run = connection_.query(
      "SELECT updated, row, version FROM written WHERE patient = ?1 AND type = ?2 AND "
      "(updated, row, version) < (?3, ?4, ?5) ORDER BY updated DESC, row DESC, version DESC LIMIT ?6",
      range.patient, range.type, range.last.updated, range.last.row, range.last.version, std::int64_t(at_once_));
  while (run.step()) {
    const Place place{run.integer(0), run.integer(1), run.integer(2)};
    if (place.updated < asked_.since) break;
    range.read.push_back(place);
  }
  if (!range.read.empty()) range.last = range.read.back();
}

std::optional<Version> HistoryWalk::shown(const Place& place, std::string_view type) {
  auto current = sources_.current(place.row, type);
  if (!current) return std::nullopt;
  const std::uint64_t number = std::uint64_t(place.version);
  if (current->version == number) {
    if (!asked_.sees(*current, *current)) return std::nullopt;
    return current;
  }
  auto version = sources_.old(place.row, type, current->id, number);
  if (!version || !asked_.sees(*version, *current)) return std::nullopt;
  if (asked_.from && !was_current_then(*version, *current, place.row)) return std::nullopt;
  return version;
}

/// A version lasts until the next one that is shown: when one came that is not shown must not be found out.
bool HistoryWalk::was_current_then(const Version& version, const Version& current, std::int64_t row) {
  for (std::uint64_t number = version.version + 1; number < current.version; ++number) {
    const auto next = sources_.old(row, version.type, version.id, number);
    if (next && asked_.sees(*next, current)) return next->updated.time_since_epoch().count() > *asked_.from;
  }
  return current.updated.time_since_epoch().count() > *asked_.from;
}

}  // namespace ward::store
