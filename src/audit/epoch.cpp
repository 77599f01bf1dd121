#include "epoch.hpp"
#include "audit/audit.hpp"
#include "base/encoding.hpp"
#include "crypto/keys.hpp"
#include "encode.hpp"
#include "lock.hpp"
#include "writer.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace ward::audit {
namespace {

namespace fs = std::filesystem;

/// What can still be said about a log that may be damaged.
struct Remains {
  std::optional<LogId> log;
  std::uint64_t next = 0;  // above every index that was ever given, as far as anything tells
  std::string chain;       // of the last good frame
};

void look_at_frames(Remains& remains, const Segment& segment) {
  auto bytes = SegmentBytes::load(segment.path);
  if (!bytes || !segment.header) return;
  Walk walk(bytes->view(), *segment.header);
  for (;;) {
    while (walk.next()) {
    }
    if (walk.index() > remains.next) {
      remains.next = walk.index();
      remains.chain = hex_encode(crypto::view(walk.chain()));
    }
    const auto later = walk.bad().empty() ? std::nullopt : walk.later_frame();
    if (!later) return;
    walk.resume(*later);
  }
}

Result<void> look_at_directory(Remains& remains, const fs::path& directory) {
  auto segments = list_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  for (const auto& segment : *segments) {
    if (segment.header) remains.log = segment.header->log;
    look_at_frames(remains, segment);
  }
  // The second line of a checkpoint is a count; even unverified it must not be given again.
  if (const auto note = read_file(checkpoint_path(directory), 1 << 20)) {
    const auto line = note->find('\n');
    if (line != std::string::npos)
      remains.next = std::max<std::uint64_t>(remains.next, std::strtoull(note->c_str() + line + 1, nullptr, 10));
  }
  return {};
}

Result<fs::path> next_damaged(const fs::path& directory) {
  for (unsigned n = 1; n < 10'000; ++n) {
    const auto path = directory / fmt::format("damaged-{}", n);
    std::error_code error;
    if (fs::create_directory(path, error)) return path;
    if (error) return fail("log_failed", fmt::format("{}: {}", path.string(), error.message()));
  }
  return fail("log_failed", fmt::format("{}: too many damaged-N folders", directory.string()));
}

Result<void> move(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
    return fail_errno("log_failed", fmt::format("{}: rename", from.string()));
  return {};
}

/// Segments first, the checkpoint last: it keeps the log from looking new if this is cut short.
Result<void> move_old(const fs::path& directory, const fs::path& damaged) {
  auto segments = list_segments(directory);
  if (!segments) return std::unexpected(segments.error());
  for (const auto& segment : *segments)
    if (auto moved = move(segment.path, damaged / segment.path.filename()); !moved) return moved;
  std::error_code error;
  fs::copy_file(verifier_path(directory), verifier_path(damaged), error);
  if (auto moved = move(directory / "checkpoints", damaged / "checkpoints"); !moved) return moved;
  if (auto moved = move(checkpoint_path(directory), checkpoint_path(damaged)); !moved) return moved;
  return sync_directory(damaged);
}

Result<std::vector<std::string>> first_record(const LogId& log, const Options& options, const Remains& remains,
                                              const fs::path& damaged, std::string_view reason, crypto::KeyRing& keys,
                                              Clock& clock, Random& random) {
  auto seal = keys.secret(seal_purpose, 32);
  if (!seal) return std::unexpected(seal.error());
  Record record;
  record.event = event::log_epoch;
  record.detail = {{"reason", std::string(reason)},
                   {"sealed", damaged.filename().string()},
                   {"old_log", remains.log ? hex_encode({remains.log->data(), remains.log->size()}) : "unknown"},
                   {"old_count", std::to_string(remains.next)},
                   {"old_chain", remains.chain}};
  return Encoder(log, options.node, {seal->first.id, std::move(seal->second)}, clock, random).encode(record);
}

}  // namespace

Result<void> new_epoch(const fs::path& directory, std::string_view reason, const Options& options,
                       crypto::KeyRing& keys, Clock& clock, Random& random) {
  auto lock = lock_directory(directory);
  if (!lock) return std::unexpected(lock.error());
  Disk& disk = options.disk ? *options.disk : Disk::real();

  Remains remains;
  std::vector<fs::path> places{directory};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (entry.path().filename().string().starts_with("damaged-")) places.push_back(entry.path());
  for (auto place = places.rbegin(); place != places.rend(); ++place)
    if (auto looked = look_at_directory(remains, *place); !looked) return looked;
  auto damaged = next_damaged(directory);
  if (!damaged) return std::unexpected(damaged.error());

  LogId log{};
  random.fill(log.data(), log.size());
  auto item = std::make_unique<Item>();
  auto parts = first_record(log, options, remains, *damaged, reason, keys, clock, random);
  if (!parts) return std::unexpected(parts.error());
  item->parts = std::move(*parts);

  // Made aside and moved into place last: while `epoch.begun` is there, the log does not open.
  const auto aside = epoch_begun_path(directory);
  fs::remove_all(aside, error);
  fs::create_directory(aside, error);
  if (error) return fail("log_failed", fmt::format("{}: {}", aside.string(), error.message()));
  if (auto made = create_segment(disk, aside, 0, options.segment_bytes); !made) return made;
  Spares unused(disk, aside, options.segment_bytes);
  Writer writer(disk, aside, unused);
  if (auto created = writer.create(log, remains.next, first_chain(log)); !created) return created;
  if (auto written = writer.write({&item, 1}, [](const auto&) {}); !written) return written;
  if (auto synced = sync_directory(directory); !synced) return synced;

  if (auto moved = move_old(directory, *damaged); !moved) return moved;
  if (auto moved = move(segment_path(aside, 0), segment_path(directory, 0)); !moved) return moved;
  fs::create_directory(directory / "checkpoints", error);
  fs::remove_all(aside, error);
  return sync_directory(directory);
}

}  // namespace ward::audit
