#include "server.hpp"

#include "base/log.hpp"

#include <algorithm>

namespace ward::app {
namespace {

/// A crash between INTENT and OUTCOME: the store knows what became of it.
Result<void> settle(audit::Log& log, store::Store& store) {
  std::vector<audit::OpenIntent> open = log.take_open_intents();
  if (open.empty()) return {};
  std::vector<std::uint64_t> indexes;
  for (const audit::OpenIntent& one : open) indexes.push_back(one.intent.index());
  const auto committed = store.committed_intents(indexes);
  if (!committed) return std::unexpected(committed.error());
  for (audit::OpenIntent& one : open) {
    const bool done = std::find(committed->begin(), committed->end(), one.intent.index()) != committed->end();
    const bool upstream = std::any_of(one.record.detail.begin(), one.record.detail.end(),
                                      [](const auto& pair) { return pair.first == "upstream"; });
    one.record.outcome = done ? audit::Outcome::success : upstream ? audit::Outcome::unknown : audit::Outcome::failed;
    one.record.detail.emplace_back("settled", "at start");
    auto receipt = log.outcome_blocking(one.intent, std::move(one.record));
    if (!receipt) return std::unexpected(receipt.error());
  }
  log::info("intents_settled", {{"count", open.size()}});
  return {};
}

}  // namespace

Result<std::unique_ptr<Installation>> Installation::open(const Paths& paths, const Configuration& configuration) {
  auto all = std::make_unique<Installation>();
  all->paths = paths;
  auto keys = crypto::KeyRing::open(paths.keys(), configuration.master, true, all->clock, all->random);
  if (!keys) return std::unexpected(std::move(keys.error()));
  all->keys = std::move(*keys);
  auto log = audit::Log::open(paths.audit(), configuration.audit, *all->keys, all->clock, all->random);
  if (!log) return std::unexpected(std::move(log.error()));
  all->log = std::move(*log);
  auto store = store::open_sqlite({.file = paths.store()}, all->clock);
  if (!store) return std::unexpected(std::move(store.error()));
  all->store = std::move(*store);
  if (auto settled = settle(*all->log, *all->store); !settled) return std::unexpected(std::move(settled.error()));
  return all;
}

}  // namespace ward::app
