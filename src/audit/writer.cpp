#include "writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>

namespace ward::audit {
namespace {

constexpr std::size_t write_bytes_max = 4u << 20;

}  // namespace

Writer::Writer(Disk& disk, std::filesystem::path directory, Spares& spares)
    : disk_(disk), directory_(std::move(directory)), spares_(spares) {}

Result<void> Writer::create(const LogId& log, std::uint64_t first_index, const Chain& chain_before) {
  log_ = log;
  if (auto opened = open_segment(0); !opened) return opened;
  const Header header{log, 0, first_index, chain_before};
  if (auto written = write_all(disk_, file_, encode_header(header), 0, path_); !written) return written;
  if (auto synced = sync_data(disk_, file_, path_); !synced) return synced;
  end_ = staged_ = {.segment = 0, .offset = header_bytes, .next = first_index, .chain = chain_before};
  return {};
}

Result<void> Writer::resume(const LogId& log, const Position& end) {
  log_ = log;
  end_ = staged_ = end;
  return open_segment(end.segment);
}

Result<void> Writer::write(std::span<std::unique_ptr<Item>> items, const std::function<void(const Synced&)>& synced) {
  staged_ = end_;
  buffer_.clear();
  frames_ = 0;
  write_at_ = end_.offset;
  for (auto& item : items) {
    bool first = true;
    for (const auto& part : item->parts) {
      if (auto added = add(part, synced); !added) return added;
      if (std::exchange(first, false)) item->index = staged_.next - 1;
    }
  }
  return flush(synced);
}

Result<void> Writer::add(std::string_view record, const std::function<void(const Synced&)>& synced) {
  const std::size_t bytes = frame_head_bytes + record.size();
  const bool full = staged_.offset + bytes > capacity_;
  if (full || frames_ == batch_frames_max || buffer_.size() > write_bytes_max)
    if (auto flushed = flush(synced); !flushed) return flushed;
  if (full)
    if (auto rolled = roll(); !rolled) return rolled;
  staged_.chain = next_chain(staged_.chain, record);
  append_frame(buffer_, seed_, staged_.next, frames_, staged_.chain, record);
  staged_.offset += bytes;
  ++staged_.next;
  ++frames_;
  return {};
}

Result<void> Writer::flush(const std::function<void(const Synced&)>& synced) {
  if (frames_ == 0) return {};
  if (auto written = write_all(disk_, file_, buffer_, write_at_, path_); !written) return written;
  const auto before = std::chrono::steady_clock::now();
  if (auto done = sync_data(disk_, file_, path_); !done) return done;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - before;
  end_ = staged_;
  synced({.end = end_, .frames = frames_, .bytes = buffer_.size(), .seconds = took.count()});
  buffer_.clear();
  frames_ = 0;
  write_at_ = end_.offset;
  return {};
}

// The header goes out with the segment's first frames, in one write.
Result<void> Writer::roll() {
  const std::uint64_t number = end_.segment + 1;
  if (auto taken = spares_.take(number); !taken) return taken;
  if (auto opened = open_segment(number); !opened) return opened;
  buffer_ = encode_header({log_, number, end_.next, end_.chain});
  write_at_ = 0;
  staged_ = {.segment = number, .offset = header_bytes, .next = end_.next, .chain = end_.chain};
  return {};
}

Result<void> Writer::open_segment(std::uint64_t number) {
  path_ = segment_path(directory_, number);
  auto file = open_file(path_, O_RDWR);
  if (!file) return std::unexpected(file.error());
  std::error_code error;
  capacity_ = std::filesystem::file_size(path_, error);
  if (error) return fail("log_failed", fmt::format("{}: {}", path_.string(), error.message()));
  file_ = std::move(*file);
  seed_ = frame_seed(log_, number);
  return {};
}

Result<void> Writer::reopen() {
  if (auto opened = open_segment(end_.segment); !opened) return opened;
  auto bytes = SegmentBytes::load(path_, true);
  if (!bytes) return std::unexpected(bytes.error());
  const auto header = decode_header(bytes->view());
  if (!header) return fail("log_damaged", fmt::format("{}: the segment's header is damaged", path_.string()));
  Walk walk(bytes->view(), *header);
  while (walk.index() < end_.next && walk.next()) {
  }
  if (walk.index() != end_.next || walk.offset() != end_.offset || walk.chain() != end_.chain)
    return fail("log_damaged", fmt::format("{}: offset {}: entry {}: it was durable and cannot be read again",
                                           path_.string(), walk.offset(), walk.index()));
  if (auto cleared = clear_attempt(end_.segment, end_.offset); !cleared) return cleared;
  if (staged_.segment != end_.segment)
    if (auto cleared = clear_attempt(staged_.segment, 0); !cleared) return cleared;
  staged_ = end_;
  return {};
}

// Written even where zeros are read: a failed sync may have left the page cache and the disk apart.
Result<void> Writer::clear_attempt(std::uint64_t segment, std::size_t from) {
  const auto path = segment_path(directory_, segment);
  auto bytes = SegmentBytes::load(path);
  if (!bytes) return std::unexpected(bytes.error());
  const std::size_t attempted = staged_.segment == segment ? staged_.offset : from;
  const std::size_t end = std::max({used_bytes(bytes->view()), attempted, from + 1});
  return zero_tail(disk_,
                   {.file = path, .offset = from, .bytes = std::min(end, bytes->view().size()) - from, .index = 0});
}

}  // namespace ward::audit
