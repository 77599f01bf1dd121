#include "keeper.hpp"

#include "base/log.hpp"

#include <fmt/format.h>

namespace ward::audit {
namespace {

using namespace std::chrono_literals;
constexpr auto clock_jump_min = 1s;
constexpr unsigned key_rounds = 20;  // rounds between looks at the key ring

std::string name_of(const Options& options) { return fmt::format("{}/audit/{}", options.host, options.node); }

}  // namespace

Keeper::Keeper(const std::filesystem::path& directory, const Options& options, const LogId& log, crypto::KeyRing& keys,
               Clock& clock, Disk& disk, Sequencer& sequencer, Encoder& encoder)
    : directory_(directory),
      options_(options),
      log_(log),
      keys_(keys),
      clock_(clock),
      disk_(disk),
      sequencer_(sequencer),
      encoder_(encoder) {}

Keeper::~Keeper() { stop(); }

Result<void> Keeper::start(const std::optional<Checkpoint>& last) {
  if (last) {
    covered_ = last->count;
    signed_at_ = last->time;
  }
  wall_before_ = clock_.wall();
  mono_before_ = clock_.mono();
  if (auto loaded = load_keys(); !loaded) return loaded;
  if (auto done = sign(); !done) return done;
  thread_ = std::thread([this] { run(); });
  return {};
}

void Keeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Keeper::run() {
  bool failed = false;
  for (unsigned round = 1;; ++round) {
    {
      std::unique_lock lock(mutex_);
      if (changed_.wait_for(lock, options_.checkpoint_every, [&] { return stopping_; })) return;
    }
    watch_clock();
    auto done = round % key_rounds == 0 ? load_keys() : Result<void>();
    if (done) done = sign();
    if (!done && !failed) log::error("audit_checkpoint_failed", done.error());
    failed = !done;
  }
}

Result<void> Keeper::sign() {
  if (signer_id_.empty()) return {};  // the log never came to be open
  const auto durable = sequencer_.durable();
  if (durable.end.next == covered_ && signed_at_ != WallTime{}) return {};
  const WallTime now = clock_.wall();
  const Checkpoint checkpoint{.origin = name_of(options_),
                              .count = durable.end.next,
                              .chain = durable.end.chain,
                              .log = log_,
                              .time = now,
                              .open = durable.open_intents};
  if (auto kept = keep_checkpoint(disk_, directory_, sign_checkpoint(checkpoint, signer_), now, signed_at_); !kept)
    return kept;
  covered_ = checkpoint.count;
  signed_at_ = now;
  return {};
}

Result<void> Keeper::load_keys() {
  auto signing = keys_.signing(sign_purpose, crypto::SigningKey::Kind::ed25519);
  if (!signing) return std::unexpected(signing.error());
  auto seal = keys_.secret(seal_purpose, 32);
  if (!seal) return std::unexpected(seal.error());
  if (std::exchange(seal_id_, seal->first.id) != seal->first.id)
    encoder_.set_key({seal->first.id, std::move(seal->second)});
  if (signer_id_ == signing->first.id) return {};
  signer_ = signing->second;
  signer_id_ = signing->first.id;
  return write_verifiers();
}

// Keys that were used before stay in the file: the checkpoints kept from each day were signed by them.
Result<void> Keeper::write_verifiers() {
  const auto path = verifier_path(directory_);
  std::string lines;
  if (std::filesystem::exists(path)) {
    auto before = read_file(path, 1 << 20);
    if (!before) return std::unexpected(before.error());
    lines = std::move(*before);
  }
  const std::string line = verifier_line({name_of(options_), signer_.public_raw_ed25519()}) + "\n";
  if (lines.find(line) != std::string::npos) return {};
  return replace_file(disk_, path, line + lines, 0644);
}

void Keeper::watch_clock() {
  const WallTime wall = clock_.wall();
  const MonoTime mono = clock_.mono();
  const auto drift = (wall - std::exchange(wall_before_, wall)) -
                     std::chrono::duration_cast<std::chrono::milliseconds>(mono - std::exchange(mono_before_, mono));
  if (std::chrono::abs(drift) <= clock_jump_min) return;
  log::warning("audit_clock_jump", {{"jump_ms", drift.count()}});
  Record record;
  record.event = event::clock_jump;
  record.detail = {{"jump_ms", std::to_string(drift.count())}};
  auto encoded = encoder_.encode(record);
  if (!encoded) return;
  auto item = std::make_unique<Item>();
  item->parts = std::move(*encoded);
  sequencer_.submit_later(std::move(item));
}

}  // namespace ward::audit
