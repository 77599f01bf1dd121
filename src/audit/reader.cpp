#include "audit/reader.hpp"

#include "base/encoding.hpp"
#include "find.hpp"
#include "parse.hpp"

#include <fmt/format.h>
#include <deque>

namespace ward::audit {
namespace {

/// Bytes that a matching record must contain: a look at them spares most records from being parsed.
std::vector<std::string> needles(const Filter& filter) {
  std::vector<std::string> out;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) out.push_back(fmt::format("\"{}\":{}", name, json_string(value)));
  };
  add("event", filter.event);
  add("actor", filter.actor);
  add("client", filter.client);
  add("request", filter.request_id);
  add("ip", filter.ip);
  if (filter.outcome) add("outcome", name(*filter.outcome));
  return out;
}

bool is_about(const Record& record, std::string_view patient) {
  const auto same = [&](std::string_view reference) {
    return reference == patient || (reference.ends_with(patient) && reference.size() == patient.size() + 8 &&
                                    reference.starts_with("Patient/"));
  };
  const auto& subjects = record.subjects.inside().of;
  return std::any_of(subjects.begin(), subjects.end(), [&](const auto& subject) {
    const auto own = [&](const std::string& resource) {
      return same(std::string_view(resource).substr(0, resource.find("/_history/")));
    };
    return same(subject.patient) || std::any_of(subject.resources.begin(), subject.resources.end(), own);
  });
}

bool matches(const Entry& entry, const Filter& filter) {
  const Record& record = entry.record;
  const auto is = [](const std::string& wanted, const std::string& value) { return wanted.empty() || wanted == value; };
  return is(filter.event, record.event) && is(filter.actor, record.actor) && is(filter.client, record.client) &&
         is(filter.request_id, record.request_id) && is(filter.ip, record.ip) &&
         (!filter.outcome || *filter.outcome == record.outcome) && (!filter.from || entry.time >= *filter.from) &&
         (!filter.until || entry.time < *filter.until) && (filter.patient.empty() || is_about(record, filter.patient));
}

}  // namespace

struct LogReader::Inside {
  std::filesystem::path directory;
  Opener opener;

  Result<Entry> read(const Header& header, const Frame& frame) {
    auto parsed = parse_stored(frame.record);
    if (!parsed) return fail("log_damaged", fmt::format("entry {}: {}", frame.index, parsed.error().message()));
    parsed->entry.index = frame.index;
    opener.open(*parsed, hex_encode({header.log.data(), header.log.size()}));
    return std::move(parsed->entry);
  }
};

LogReader::LogReader(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
LogReader::LogReader(LogReader&&) noexcept = default;
LogReader& LogReader::operator=(LogReader&&) noexcept = default;
LogReader::~LogReader() = default;

Result<LogReader> LogReader::open(const std::filesystem::path& directory, crypto::KeyRing* keys) {
  auto segments = list_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  if (segments->empty()) return fail("log_failed", fmt::format("{}: no audit log here", directory.string()));
  return LogReader(std::make_unique<Inside>(Inside{directory, Opener(keys)}));
}

Result<void> LogReader::each(std::uint64_t first, const std::function<bool(const Entry&)>& each) {
  std::optional<Error> failed;
  auto walked = walk_log(inside_->directory, first, [&](const Header& header, const Frame& frame) {
    const auto entry = inside_->read(header, frame);
    if (!entry) failed = entry.error();
    return entry && each(*entry);
  });
  if (failed) return std::unexpected(*failed);
  return walked;
}

Result<std::vector<Entry>> LogReader::query(const Filter& filter) {
  const auto needed = needles(filter);
  std::deque<Entry> found;
  std::optional<Error> failed;
  auto walked = walk_log(inside_->directory, filter.first_index, [&](const Header& header, const Frame& frame) {
    const auto has = [&](const std::string& needle) { return frame.record.find(needle) != std::string_view::npos; };
    if (!std::all_of(needed.begin(), needed.end(), has)) return true;
    auto entry = inside_->read(header, frame);
    if (!entry) {
      failed = entry.error();
      return false;
    }
    if (!matches(*entry, filter)) return true;
    found.push_back(std::move(*entry));
    if (found.size() <= filter.limit) return filter.newest_first || found.size() < filter.limit;
    found.pop_front();
    return true;
  });
  if (failed) return std::unexpected(*failed);
  if (!walked) return std::unexpected(walked.error());
  std::vector<Entry> out(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  if (filter.newest_first) std::reverse(out.begin(), out.end());
  return out;
}

Result<std::vector<Entry>> LogReader::tail(std::size_t count) {
  const auto end = end_of_log(inside_->directory);
  if (!end) return std::unexpected(end.error());
  std::vector<Entry> out;
  auto walked = each(*end - std::min<std::uint64_t>(*end, count), [&](const Entry& entry) {
    out.push_back(entry);
    return out.size() < count;
  });
  if (!walked) return std::unexpected(walked.error());
  return out;
}

}  // namespace ward::audit
