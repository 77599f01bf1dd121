#include "find.hpp"

#include "audit/reader.hpp"

#include <fmt/format.h>

namespace ward::audit {
namespace {

Result<std::vector<Segment>> used_segments(const std::filesystem::path& directory) {
  auto segments = list_segments(directory);
  if (!segments) return segments;
  std::erase_if(*segments, [](const auto& segment) { return segment.blank; });
  for (const auto& segment : *segments)
    if (!segment.header)
      return fail("log_damaged", fmt::format("{}: offset 0: the segment's header is damaged", segment.path.string()));
  return segments;
}

/// One segment. False: `each` has had enough.
Result<bool> walk_segment(const Segment& segment, bool last, std::uint64_t first,
                          const std::function<bool(const Header&, const Frame&)>& each) {
  // A write that was under way while the file was read looks like damage once; damage stays.
  for (int attempt = 0;; ++attempt) {
    auto bytes = SegmentBytes::load(segment.path);
    if (!bytes) return std::unexpected(bytes.error());
    Walk walk(bytes->view(), *segment.header);
    while (const auto frame = walk.next()) {
      if (frame->index < first) continue;
      if (!each(*segment.header, *frame)) return false;
      first = frame->index + 1;
    }
    if (walk.bad().empty() || (last && walk.torn())) return true;
    if (!last || attempt == 2)
      return fail("log_damaged", fmt::format("{}: offset {}: entry {}: {}", segment.path.string(), walk.offset(),
                                             walk.index(), walk.bad()));
  }
}

}  // namespace

Result<void> walk_log(const std::filesystem::path& directory, std::uint64_t first,
                      const std::function<bool(const Header&, const Frame&)>& each) {
  auto segments = used_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  for (std::size_t at = 0; at < segments->size(); ++at) {
    const bool last = at + 1 == segments->size();
    if (!last && (*segments)[at + 1].header->first_index <= first) continue;
    const auto more = walk_segment((*segments)[at], last, first, each);
    if (!more) return std::unexpected(more.error());
    if (!*more) break;
  }
  return {};
}

Result<std::uint64_t> end_of_log(const std::filesystem::path& directory) {
  auto segments = used_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  if (segments->empty()) return 0;
  std::uint64_t end = segments->back().header->first_index;
  const auto walked = walk_segment(segments->back(), true, end, [&](const Header&, const Frame& frame) {
    end = frame.index + 1;
    return true;
  });
  if (!walked) return std::unexpected(walked.error());
  return end;
}

Result<std::map<std::uint64_t, Record>> find_entries(const std::filesystem::path& directory,
                                                     const std::set<std::uint64_t>& indexes) {
  std::map<std::uint64_t, Record> found;
  std::optional<Error> failed;
  auto wanted = indexes.begin();
  const auto take = [&](const Header&, const Frame& frame) {
    if (frame.index < *wanted) return frame.index + (1u << 16) > *wanted;  // far ahead: look it up anew
    auto entry = parse_record(frame.record);
    if (entry)
      found.emplace(frame.index, std::move(entry->record));
    else
      failed = entry.error();
    ++wanted;
    return !failed && wanted != indexes.end();
  };
  while (wanted != indexes.end() && !failed) {
    const auto before = wanted;
    if (auto walked = walk_log(directory, *wanted, take); !walked) return std::unexpected(walked.error());
    if (wanted == before)
      return fail("log_damaged", fmt::format("{}: entry {} is missing", directory.string(), *wanted));
  }
  if (failed) return std::unexpected(*failed);
  return found;
}

}  // namespace ward::audit
