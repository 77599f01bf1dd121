#include "audit/audit.hpp"

#include "base/encoding.hpp"
#include "base/log.hpp"
#include "crypto/keys.hpp"
#include "epoch.hpp"
#include "find.hpp"
#include "keeper.hpp"
#include "lock.hpp"
#include "no_phi.hpp"
#include "parse.hpp"

#include <fmt/format.h>
#include <boost/asio/use_awaitable.hpp>

namespace ward::audit {
namespace {

constexpr std::size_t segment_bytes_min = 256u << 10;
constexpr boost::asio::use_awaitable_t<> awaited;

Result<std::vector<std::string>> public_keys(crypto::KeyRing& keys) {
  // Makes one if there is none yet, so that what is signed later can be verified.
  if (auto made = keys.signing(sign_purpose, crypto::SigningKey::Kind::ed25519); !made)
    return std::unexpected(made.error());
  std::vector<std::string> out;
  for (const auto& [entry, key] : keys.all_signing(sign_purpose)) out.push_back(key.public_raw_ed25519());
  return out;
}

Record opened_record(const std::optional<Recovered>& recovered) {
  Record record;
  record.event = event::log_opened;
  if (!recovered) record.detail.emplace_back("log", "new");
  if (recovered && recovered->torn) {
    record.detail.emplace_back("torn_tail", recovered->torn->file.filename().string());
    record.detail.emplace_back("torn_offset", std::to_string(recovered->torn->offset));
    record.detail.emplace_back("torn_bytes", std::to_string(recovered->torn->bytes));
  }
  if (recovered && !recovered->open.empty())
    record.detail.emplace_back("open_intents", std::to_string(recovered->open.size()));
  return record;
}

}  // namespace

/// Everything that makes up an open log, in the order in which it may be taken down.
struct Log::Inside {
  Inside(const std::filesystem::path& where, const Options& with, const LogId& log, SealKey seal, crypto::KeyRing& keys,
         Clock& clock, Random& random)
      : directory(where),
        disk(with.disk ? *with.disk : Disk::real()),
        encoder(log, with.node, std::move(seal), clock, random),
        spares(disk, where, with.segment_bytes),
        writer(disk, where, spares),
        sequencer(writer, with, [this](auto&&... facts) { return reopened(facts...); }),
        keeper(where, with, log, keys, clock, disk, sequencer, encoder) {}

  Result<std::unique_ptr<Item>> make_item(const Record& record, Item::Kind kind) const;
  Result<std::unique_ptr<Item>> intent_item(Record record) const;
  Result<std::unique_ptr<Item>> outcome_item(const Intent& intent, Record record) const;
  std::unique_ptr<Item> reopened(const std::string& fault, std::uint64_t kept, std::uint64_t dropped);
  Result<void> begin(const std::optional<Recovered>& recovered, const LogId& log, const Options& options);

  std::filesystem::path directory;
  Disk& disk;
  File lock;
  Encoder encoder;
  Spares spares;
  Writer writer;
  Sequencer sequencer;
  Keeper keeper;
  std::mutex mutex;
  std::vector<OpenIntent> open_intents;
  std::map<std::string, std::uint64_t> no_phi_seen, no_phi_told;
  std::uint64_t no_phi_told_at = 0;
  bool stopped = false;
};

Log::Log(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Log::~Log() { stop(); }

Result<std::unique_ptr<Log>> Log::open(const std::filesystem::path& directory, const Options& options,
                                       crypto::KeyRing& keys, Clock& clock, Random& random) {
  WARD_ASSERT(options.segment_bytes >= segment_bytes_min);
  auto lock = lock_directory(directory);
  if (!lock) return std::unexpected(lock.error());
  if (std::filesystem::exists(epoch_begun_path(directory)))
    return fail("log_damaged",
                fmt::format("{}: a new epoch was begun and not finished; run `ward audit epoch --reason TEXT` again",
                            directory.string()));
  auto known = public_keys(keys);
  if (!known) return std::unexpected(known.error());
  auto seal = keys.secret(seal_purpose, 32);
  if (!seal) return std::unexpected(seal.error());
  auto recovered = recover(directory, *known);
  if (!recovered) return std::unexpected(recovered.error());

  LogId log{};
  if (*recovered)
    log = (*recovered)->log;
  else
    random.fill(log.data(), log.size());
  auto inside = std::make_unique<Inside>(directory, options, log, SealKey{seal->first.id, std::move(seal->second)},
                                         keys, clock, random);
  inside->lock = std::move(*lock);
  if (auto begun = inside->begin(*recovered, log, options); !begun) return std::unexpected(begun.error());
  if (*recovered) {
    auto found = find_entries(directory, (*recovered)->open);
    if (!found) return std::unexpected(found.error());
    for (auto& [index, record] : *found) inside->open_intents.push_back({Intent(index), std::move(record)});
  }
  std::unique_ptr<Log> opened(new Log(std::move(inside)));
  auto first = opened->append_blocking(opened_record(*recovered));
  if (!first) return std::unexpected(first.error());
  const auto checkpoint = *recovered ? (*recovered)->checkpoint : std::nullopt;
  if (auto started = opened->inside_->keeper.start(checkpoint); !started) return std::unexpected(started.error());
  return opened;
}

Result<void> Log::Inside::begin(const std::optional<Recovered>& recovered, const LogId& log, const Options& options) {
  if (recovered) {
    if (recovered->torn)
      if (auto zeroed = zero_tail(disk, *recovered->torn); !zeroed) return zeroed;
    if (auto resumed = writer.resume(log, recovered->end); !resumed) return resumed;
  } else {
    if (auto made = create_segment(disk, directory, 0, options.segment_bytes); !made) return made;
    if (auto created = writer.create(log, 0, first_chain(log)); !created) return created;
  }
  spares.start(writer.end().segment);
  no_phi_seen = no_phi_told = no_phi_counts();
  sequencer.start(recovered ? recovered->open : std::set<std::uint64_t>());
  return {};
}

Result<std::unique_ptr<Item>> Log::Inside::make_item(const Record& record, Item::Kind kind) const {
  auto parts = encoder.encode(record);
  if (!parts) return std::unexpected(parts.error());
  auto item = std::make_unique<Item>();
  item->parts = std::move(*parts);
  item->kind = kind;
  return item;
}

Result<std::unique_ptr<Item>> Log::Inside::intent_item(Record record) const {
  record.detail.emplace(record.detail.begin(), "of", std::exchange(record.event, event::intent));
  return make_item(record, Item::Kind::intent);
}

Result<std::unique_ptr<Item>> Log::Inside::outcome_item(const Intent& intent, Record record) const {
  record.detail.emplace(record.detail.begin(), "of", std::exchange(record.event, event::outcome));
  record.intent = intent.index();
  return make_item(record, Item::Kind::outcome);
}

std::unique_ptr<Item> Log::Inside::reopened(const std::string& fault, std::uint64_t kept, std::uint64_t dropped) {
  // Counted since the last of these records that is durable; an attempt that failed counts again.
  const std::uint64_t next = sequencer.stats().next_index;
  if (next > no_phi_told_at) no_phi_seen = no_phi_told;
  no_phi_told = no_phi_counts();
  no_phi_told_at = next;
  Record record;
  record.event = event::log_reopened;
  record.detail = {{"fault", fault}, {"kept", std::to_string(kept)}, {"dropped", std::to_string(dropped)}};
  for (const auto& [slug, count] : no_phi_told) {
    const std::uint64_t before = no_phi_seen[slug];
    if (count != before) record.detail.emplace_back("no_phi." + slug, std::to_string(count - before));
  }
  auto item = make_item(record, Item::Kind::record);
  WARD_ASSERT(item.has_value());
  return std::move(*item);
}

boost::asio::awaitable<Result<Receipt>> Log::append(Record record) {
  auto item = inside_->make_item(record, Item::Kind::record);
  if (!item) co_return std::unexpected(item.error());
  auto done = co_await inside_->sequencer.submit(std::move(*item), awaited);
  if (done->error) co_return std::unexpected(std::move(*done->error));
  co_return Receipt(done->index, std::move(done->parts.front()));
}

boost::asio::awaitable<Result<Intent>> Log::intend(Record record) {
  auto item = inside_->intent_item(std::move(record));
  if (!item) co_return std::unexpected(item.error());
  auto done = co_await inside_->sequencer.submit(std::move(*item), awaited);
  if (done->error) co_return std::unexpected(std::move(*done->error));
  co_return Intent(done->index);
}

boost::asio::awaitable<Result<Receipt>> Log::outcome(const Intent& intent, Record record) {
  auto item = inside_->outcome_item(intent, std::move(record));
  if (!item) co_return std::unexpected(item.error());
  auto done = co_await inside_->sequencer.submit(std::move(*item), awaited);
  if (done->error) co_return std::unexpected(std::move(*done->error));
  co_return Receipt(done->index, std::move(done->parts.front()));
}

Result<Receipt> Log::append_blocking(Record record) {
  auto item = inside_->make_item(record, Item::Kind::record);
  if (!item) return std::unexpected(item.error());
  auto done = inside_->sequencer.submit_blocking(std::move(*item));
  if (done->error) return std::unexpected(std::move(*done->error));
  return Receipt(done->index, std::move(done->parts.front()));
}

Result<Intent> Log::intend_blocking(Record record) {
  auto item = inside_->intent_item(std::move(record));
  if (!item) return std::unexpected(item.error());
  auto done = inside_->sequencer.submit_blocking(std::move(*item));
  if (done->error) return std::unexpected(std::move(*done->error));
  return Intent(done->index);
}

Result<Receipt> Log::outcome_blocking(const Intent& intent, Record record) {
  auto item = inside_->outcome_item(intent, std::move(record));
  if (!item) return std::unexpected(item.error());
  auto done = inside_->sequencer.submit_blocking(std::move(*item));
  if (done->error) return std::unexpected(std::move(*done->error));
  return Receipt(done->index, std::move(done->parts.front()));
}

void Log::append_later(Record record) {
  auto item = inside_->make_item(record, Item::Kind::record);
  if (item) inside_->sequencer.submit_later(std::move(*item));
}

bool Log::is_open() const { return inside_->sequencer.is_open(); }
std::string Log::closed_reason() const { return inside_->sequencer.closed_reason(); }

std::vector<OpenIntent> Log::take_open_intents() {
  const std::lock_guard lock(inside_->mutex);
  return std::exchange(inside_->open_intents, {});
}

Stats Log::stats() const {
  Stats stats = inside_->sequencer.stats();
  stats.checkpoint = inside_->keeper.covered();
  return stats;
}

const std::filesystem::path& Log::directory() const { return inside_->directory; }

void Log::stop() {
  {
    const std::lock_guard lock(inside_->mutex);
    if (std::exchange(inside_->stopped, true)) return;
  }
  inside_->keeper.stop();
  inside_->sequencer.stop();
  inside_->spares.stop();
  if (auto done = inside_->keeper.sign(); !done) log::error("audit_checkpoint_failed", done.error());
}

}  // namespace ward::audit
