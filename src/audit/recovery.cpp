#include "recovery.hpp"

#include "encode.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <charconv>

namespace ward::audit {
namespace {

std::unexpected<Error> damaged(const std::filesystem::path& file, std::size_t offset, std::uint64_t index,
                               std::string_view what) {
  return fail(
      "log_damaged",
      fmt::format("{}: offset {}: entry {}: {}. No PHI is served from a damaged log. Copy the directory, look into "
                  "the cause, then run `ward audit epoch --reason TEXT` with the server stopped",
                  file.string(), offset, index, what));
}

/// The walk from the last segment that the checkpoint reaches to the end.
class Recovery {
 public:
  Recovery(const std::filesystem::path& directory, std::vector<Segment> segments, std::optional<Checkpoint> checkpoint)
      : directory_(directory), segments_(std::move(segments)), checkpoint_(std::move(checkpoint)) {}

  Result<Recovered> run() {
    if (auto ready = find_hot(); !ready) return std::unexpected(ready.error());
    if (checkpoint_) out_.open.insert(checkpoint_->open.begin(), checkpoint_->open.end());
    for (std::size_t at = first_to_walk(); at <= hot_; ++at)
      if (auto walked = walk(at); !walked) return std::unexpected(walked.error());
    if (checkpoint_ && out_.end.next < checkpoint_->count)
      return damaged(segments_[hot_].path, out_.end.offset, out_.end.next,
                     fmt::format("the log ends here, but a signed checkpoint covers {} entries", checkpoint_->count));
    out_.log = segments_[hot_].header->log;
    out_.segment_capacity = segments_[hot_].file_bytes;
    out_.checkpoint = std::move(checkpoint_);
    return std::move(out_);
  }

 private:
  /// The last segment with a header; all before it must follow from each other.
  Result<void> find_hot() {
    std::size_t used = segments_.size();
    while (used > 0 && segments_[used - 1].blank) --used;
    // The header is written together with the segment's first frames: a torn first write may have left either without
    // it.
    if (used > 1 && !segments_[used - 1].header) --used;
    if (used == 0) return damaged(checkpoint_path(directory_), 0, 0, "there is a checkpoint, but no segment");
    hot_ = used - 1;
    for (std::size_t at = 0; at <= hot_; ++at) {
      const Segment& segment = segments_[at];
      if (!segment.header || segment.header->segment != segment.number)
        return damaged(segment.path, 0, at == 0 ? 0 : segments_[at - 1].header->first_index,
                       "the segment's header is damaged");
      if (at > 0 && (segment.number != segments_[at - 1].number + 1 || segment.header->log != segments_[0].header->log))
        return damaged(segment.path, 0, segment.header->first_index,
                       "a segment is missing before this one, or it is of another log");
    }
    if (checkpoint_ && checkpoint_->log != segments_[0].header->log)
      return damaged(checkpoint_path(directory_), 0, checkpoint_->count, "the checkpoint is of another log");
    return {};
  }

  std::size_t first_to_walk() const {
    std::size_t at = 0;
    while (checkpoint_ && at < hot_ && segments_[at + 1].header->first_index <= checkpoint_->count) ++at;
    // A checkpoint at the very start of a segment covers the end of the one before.
    return at > 0 && segments_[at].header->first_index == checkpoint_->count ? at - 1 : at;
  }

  Result<void> walk(std::size_t at) {
    const Segment& segment = segments_[at];
    auto bytes = SegmentBytes::load(segment.path);
    if (!bytes) return std::unexpected(bytes.error());
    Walk walk(bytes->view(), *segment.header);
    if (auto matched = match_checkpoint(segment, walk); !matched) return matched;
    while (const auto frame = walk.next()) {
      if (!checkpoint_ || frame->index >= checkpoint_->count) note_intent(out_.open, frame->index, frame->record);
      if (auto matched = match_checkpoint(segment, walk); !matched) return matched;
    }
    out_.end = {.segment = segment.number, .offset = walk.offset(), .next = walk.index(), .chain = walk.chain()};
    return at < hot_ ? end_of_full(segment, walk, *segments_[at + 1].header) : end_of_hot(segment, walk, bytes->view());
  }

  Result<void> match_checkpoint(const Segment& segment, const Walk& walk) const {
    if (!checkpoint_ || walk.index() != checkpoint_->count || walk.chain() == checkpoint_->chain) return {};
    return damaged(segment.path, walk.offset(), walk.index() == 0 ? 0 : walk.index() - 1,
                   "the chain of hashes differs from the signed checkpoint: entries were rewritten");
  }

  static Result<void> end_of_full(const Segment& segment, const Walk& walk, const Header& following) {
    if (!walk.bad().empty()) return damaged(segment.path, walk.offset(), walk.index(), walk.bad());
    if (walk.index() != following.first_index || walk.chain() != following.chain_before)
      return damaged(segment.path, walk.offset(), walk.index(), "the segment ends before the next one begins");
    return {};
  }

  Result<void> end_of_hot(const Segment& segment, const Walk& walk, std::string_view bytes) {
    if (!walk.bad().empty()) {
      const bool covered = checkpoint_ && walk.index() < checkpoint_->count;
      if (covered || !walk.torn()) return damaged(segment.path, walk.offset(), walk.index(), walk.bad());
      out_.torn = TornTail{segment.path, walk.offset(), used_bytes(bytes) - walk.offset(), walk.index()};
    }
    return look_behind(segment, walk);
  }

  /// What lies in the segment behind the hot one: nothing, or the torn first write of a roll.
  Result<void> look_behind(const Segment& hot, const Walk& walk) {
    if (hot_ + 1 >= segments_.size()) return {};
    const Segment& spare = segments_[hot_ + 1];
    auto bytes = SegmentBytes::load(spare.path);
    if (!bytes) return std::unexpected(bytes.error());
    const std::size_t used = used_bytes(bytes->view());
    if (used == 0) return {};
    Walk behind(bytes->view(), {hot.header->log, spare.number, walk.index(), walk.chain()});
    const bool later = behind.later_write().has_value();
    // Header and first frame share a disk sector: one without the other is no torn write.
    const bool half = !spare.blank && behind.next();
    if (out_.torn || later || half)
      return damaged(spare.path, 0, walk.index(), "the segment has entries, but its header is damaged");
    out_.torn = TornTail{spare.path, 0, used, walk.index()};
    return {};
  }

  const std::filesystem::path& directory_;
  std::vector<Segment> segments_;
  std::optional<Checkpoint> checkpoint_;
  std::size_t hot_ = 0;
  Recovered out_;
};

Result<std::optional<Checkpoint>> load_checkpoint(const std::filesystem::path& directory,
                                                  const std::vector<std::string>& public_keys) {
  const auto path = checkpoint_path(directory);
  if (!std::filesystem::exists(path)) return std::nullopt;
  const auto note = read_file(path, 1 << 20);
  if (!note) return std::unexpected(note.error());
  std::vector<VerifierKey> keys;
  for (const auto& key : public_keys) keys.push_back({std::string(claimed_origin(*note)), key});
  auto checkpoint = open_checkpoint(*note, keys);
  if (!checkpoint) return damaged(path, 0, 0, checkpoint.error().message());
  return std::move(*checkpoint);
}

}  // namespace

Result<std::optional<Recovered>> recover(const std::filesystem::path& directory,
                                         const std::vector<std::string>& public_keys) {
  auto checkpoint = load_checkpoint(directory, public_keys);
  if (!checkpoint) return std::unexpected(checkpoint.error());
  auto segments = list_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  const bool blank = std::all_of(segments->begin(), segments->end(), [](const auto& segment) { return segment.blank; });
  if (!*checkpoint && blank) return std::nullopt;
  auto recovered = Recovery(directory, std::move(*segments), std::move(*checkpoint)).run();
  if (!recovered) return std::unexpected(recovered.error());
  return std::move(*recovered);
}

Result<void> zero_tail(Disk& disk, const TornTail& tail) {
  auto file = open_file(tail.file, O_RDWR);
  if (!file) return std::unexpected(file.error());
  if (auto written = write_zeros(disk, *file, tail.offset, tail.bytes, tail.file); !written) return written;
  return sync_data(disk, *file, tail.file);
}

void note_intent(std::set<std::uint64_t>& open, std::uint64_t index, std::string_view record) {
  if (record.starts_with(intent_prefix)) {
    // Of one that was split, the first part is the INTENT. A text in the record cannot hold these bytes: its quotes are
    // escaped.
    const auto part = record.find(",\"part\":[");
    if (part == std::string_view::npos || record.substr(part).starts_with(",\"part\":[1,")) open.insert(index);
  } else if (record.starts_with(outcome_prefix)) {
    record.remove_prefix(outcome_prefix.size());
    std::uint64_t intent = 0;
    std::from_chars(record.data(), record.data() + record.size(), intent);
    open.erase(intent);
  }
}

}  // namespace ward::audit
