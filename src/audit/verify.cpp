#include "audit/reader.hpp"
#include "base/encoding.hpp"
#include "checkpoint.hpp"
#include "segment.hpp"

#include <fmt/format.h>
#include <tuple>

namespace ward::audit {
namespace {

constexpr std::size_t findings_max = 100;
constexpr std::uint64_t progress_every = 1u << 16;

struct Mark {  // a signed checkpoint
  Checkpoint checkpoint;
  std::filesystem::path file;
};

class Verification {
 public:
  Verification(const std::filesystem::path& directory, const VerifyOptions& options)
      : directory_(directory), options_(options) {}

  Result<Report> run() {
    const auto started = std::chrono::steady_clock::now();
    // Checkpoints first: what they cover was durable before the segments are looked at.
    if (auto loaded = load_marks(); !loaded) return std::unexpected(loaded.error());
    auto segments = list_segments(directory_);
    if (!segments) return std::unexpected(segments.error());
    segments_ = std::move(*segments);
    std::size_t used = segments_.size();
    while (used > 0 && segments_[used - 1].blank) --used;
    if (used == 0 && marks_.empty())
      return fail("log_failed", fmt::format("{}: no audit log here", directory_.string()));
    if (const auto known =
            std::find_if(segments_.begin(), segments_.end(), [](const auto& one) { return one.header.has_value(); });
        known != segments_.end())
      log_ = known->header->log;
    for (std::size_t at = 0; at < used; ++at)
      if (auto walked = walk(at, at + 1 == used); !walked) return std::unexpected(walked.error());
    check_length(used);
    report_.count = index_;
    report_.ok = report_.findings.empty();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
    return std::move(report_);
  }

 private:
  void find(const std::filesystem::path& file, std::uint64_t offset, std::uint64_t index, std::string what) {
    if (report_.findings.size() < findings_max)
      report_.findings.push_back({file.lexically_relative(directory_).string(), offset, index, std::move(what)});
  }

  void find_missing(const std::filesystem::path& file, std::uint64_t offset, std::uint64_t first, std::uint64_t end) {
    if (first >= end) return;
    find(file, offset, first,
         first + 1 == end ? fmt::format("entry {} is missing", first)
                          : fmt::format("entries {} to {} are missing", first, end - 1));
  }

  Result<void> load_marks() {
    auto keys = verifiers();
    if (!keys) return std::unexpected(keys.error());
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (std::filesystem::directory_iterator at(directory_ / "checkpoints", error), end; !error && at != end;
         at.increment(error))
      files.push_back(at->path());
    std::sort(files.begin(), files.end());
    files.push_back(checkpoint_path(directory_));
    for (const auto& file : files) {
      const bool newest = file == files.back();
      if (!std::filesystem::exists(file)) {
        find(file, 0, 0, "there is no signed checkpoint: nobody can tell whether the end of the log is missing");
        continue;
      }
      const auto note = read_file(file, 1 << 20);
      if (!note) return std::unexpected(note.error());
      auto checkpoint = open_checkpoint(*note, *keys);
      if (!checkpoint) {
        find(file, 0, 0, "the checkpoint cannot be believed: " + checkpoint.error().message());
        continue;
      }
      if (newest) report_.checkpoint = checkpoint->count;
      marks_.push_back({std::move(*checkpoint), file});
    }
    std::sort(marks_.begin(), marks_.end(), [](const auto& a, const auto& b) {
      return std::tie(a.checkpoint.count, a.file) < std::tie(b.checkpoint.count, b.file);
    });
    return {};
  }

  Result<std::vector<VerifierKey>> verifiers() const {
    std::string lines = options_.verifier_key;
    if (lines.empty()) {
      auto file = read_file(verifier_path(directory_), 1 << 20);
      if (!file) return std::unexpected(file.error());
      lines = std::move(*file);
    }
    std::vector<VerifierKey> keys;
    for (std::string_view rest = lines; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      auto key = parse_verifier(rest.substr(0, end));
      if (!key)
        return fail("verifier_malformed", "a verifier key is not NAME+HASH+BASE64 of an Ed25519 key (signed-note)");
      keys.push_back(std::move(*key));
      rest.remove_prefix(end);
    }
    return keys;
  }

  /// The segment's own header, or after a finding the one that it should have.
  Header header_of(const Segment& segment, bool first) {
    if (!segment.header || segment.header->segment != segment.number || segment.header->log != log_) {
      find(segment.path, 0, index_, "the segment's header is damaged, or of another log");
      return {log_, segment.number, index_, chain_};
    }
    const Header& header = *segment.header;
    if (first) {
      report_.first = header.first_index;
      if (header.chain_before != first_chain(log_))
        find(segment.path, 0, header.first_index, "the entries before this segment are missing");
    } else if (header.first_index != index_) {
      find_missing(segment.path, 0, index_, header.first_index);
    } else if (header.chain_before != chain_ && !chain_unknown_) {
      find(segment.path, 0, header.first_index, "the segment does not follow from the one before");
    }
    return header;
  }

  Result<void> walk(std::size_t at, bool last) {
    const Segment& segment = segments_[at];
    const Header header = header_of(segment, at == 0);
    auto bytes = SegmentBytes::load(segment.path);
    if (!bytes) return std::unexpected(bytes.error());
    std::optional<Walk> walk(std::in_place, bytes->view(), header);
    pass_marks(segment, *walk);
    for (int attempt = 0;;) {
      while (walk->next()) {
        ++report_.entries;
        pass_marks(segment, *walk);
        if (options_.progress && report_.entries % progress_every == 0) options_.progress(report_.entries);
      }
      chain_unknown_ = false;
      if (walk->bad().empty()) break;
      // A write that was under way while the file was read looks like damage once; damage stays.
      if (last && attempt++ == 0) {
        const std::uint64_t there = walk->index();
        auto again = SegmentBytes::load(segment.path);
        if (!again) return std::unexpected(again.error());
        *bytes = std::move(*again);
        walk.emplace(bytes->view(), header);
        while (walk->index() < there && walk->next()) {
        }
        if (walk->index() == there) continue;
      }
      if (!pass_bad(segment, *walk, last, bytes->view())) break;
    }
    index_ = walk->index() + (chain_unknown_ ? 1 : 0);
    chain_ = walk->chain();
    return {};
  }

  /// A bad frame: named, and the walk goes on behind it. False if nothing more is to be read.
  bool pass_bad(const Segment& segment, Walk& walk, bool last, std::string_view bytes) {
    if (last && walk.index() >= report_.checkpoint && walk.torn()) {
      report_.torn_tail =
          Finding{segment.path.filename().string(), walk.offset(), walk.index(),
                  fmt::format("a torn tail of {} bytes above the checkpoint", used_bytes(bytes) - walk.offset())};
      return false;
    }
    const auto later = walk.later_frame();
    const bool cut_out = later && later->offset == walk.offset();
    if (!cut_out) find(segment.path, walk.offset(), walk.index(), std::string(walk.bad()));
    chain_unknown_ = !later;
    if (!later) return false;
    find_missing(segment.path, walk.offset(), walk.index() + (cut_out ? 0 : 1), later->frame.index);
    walk.resume(*later);
    ++report_.entries;
    pass_marks(segment, walk);
    return true;
  }

  void pass_marks(const Segment& segment, const Walk& walk) {
    while (next_mark_ < marks_.size() && marks_[next_mark_].checkpoint.count <= walk.index()) {
      const Mark& mark = marks_[next_mark_++];
      const bool here = mark.checkpoint.count == walk.index();
      if (mark.checkpoint.log != log_ || (here && mark.checkpoint.chain != walk.chain()))
        find(segment.path, walk.offset(), walk.index() == 0 ? 0 : walk.index() - 1,
             fmt::format("the log differs from the signed {}: entries were rewritten",
                         mark.file.lexically_relative(directory_).string()));
    }
  }

  void check_length(std::size_t used) {
    std::uint64_t most = 0;
    for (const auto& mark : marks_) most = std::max(most, mark.checkpoint.count);
    const auto file = used == 0 ? segment_path(directory_, 0) : segments_[used - 1].path;
    if (index_ < most) {
      find_missing(file, 0, index_, most);
      report_.findings.back().what += fmt::format("; a signed checkpoint covers {} entries", most);
    }
  }

  const std::filesystem::path& directory_;
  const VerifyOptions& options_;
  Report report_;
  std::vector<Mark> marks_;
  std::size_t next_mark_ = 0;
  std::vector<Segment> segments_;
  LogId log_{};
  std::uint64_t index_ = 0;
  Chain chain_{};
  bool chain_unknown_ = false;  // the last frame of the segment was bad
};

std::string finding_json(const Finding& finding) {
  return fmt::format(R"({{"file":{},"offset":{},"index":{},"what":{}}})", json_string(finding.file), finding.offset,
                     finding.index, json_string(finding.what));
}

}  // namespace

Result<Report> verify(const std::filesystem::path& directory, const VerifyOptions& options) {
  return Verification(directory, options).run();
}

std::string Report::text() const {
  std::string out = ok ? "The log is whole.\n" : "THE LOG IS DAMAGED.\n";
  out += fmt::format("entries {} to {}: {} verified in {:.2f} s; the signed checkpoint covers {}\n", first,
                     count == 0 ? 0 : count - 1, entries, seconds, checkpoint);
  if (torn_tail)
    out += fmt::format("{}: offset {}: entry {}: {}\n", torn_tail->file, torn_tail->offset, torn_tail->index,
                       torn_tail->what);
  for (const auto& one : findings)
    out += fmt::format("{}: offset {}: entry {}: {}\n", one.file, one.offset, one.index, one.what);
  return out;
}

std::string Report::json() const {
  std::string list;
  for (const auto& one : findings) list += (list.empty() ? "" : ",") + finding_json(one);
  return fmt::format(
      R"({{"ok":{},"first":{},"count":{},"entries":{},"checkpoint":{},"seconds":{:.3f},"torn_tail":{},"findings":[{}]}})",
      ok, first, count, entries, checkpoint, seconds, torn_tail ? finding_json(*torn_tail) : "null", list);
}

}  // namespace ward::audit
