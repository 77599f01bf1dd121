#include "server.hpp"

#include "access/relationship.hpp"
#include "base/log.hpp"
#include "fhir/index.hpp"
#include "json/json.hpp"
#include "store/derive_again.hpp"

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

/// A body that cannot be read makes nobody act for anybody.
std::vector<store::Relationship> relationships_of(std::string_view body) {
  std::vector<store::Relationship> rows;
  const auto document = json::Document::parse(body);
  if (!document) return rows;
  for (access::Relationship& row : access::derive(*document))
    rows.push_back({row.person, row.patient, row.kind, row.from_ms, row.until_ms});
  return rows;
}

/// Who acts for whom by the rules of today, also where it was written by an older program.
Result<void> renew_relationships(const store::Options& options) {
  for (const std::string_view type : {"RelatedPerson", "Patient"}) {
    const auto count = store::derive_again(options, type, access::derive_rules, relationships_of);
    if (!count) return std::unexpected(count.error());
    if (*count > 0) log::info("relationships_renewed", {{"type", type}, {"count", *count}});
  }
  return {};
}

/// What patients forbid is asked of memory: all Consents are read at the start, and each as it is written.
Result<void> load_consents(store::Store& store, access::Consents& consents) {
  auto reader = store.reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  store::Query query{
      .type = "Consent", .all_of = {}, .visible = {{.all = true, .patients = {}, .also = {}}}, .sort = {}};
  query.count = 1000;
  do {
    auto page = (*reader)->search(query);
    if (!page) return std::unexpected(std::move(page.error()));
    for (const store::Version& one : page->found) consents.put(one.id, one.version, one.body.inside().view());
    query.after = page->next;
  } while (!query.after.empty());
  return {};
}

/// What is searched by, also of what an older program wrote. A body that cannot be read keeps what it has.
Result<void> renew_index(const store::Options& options, const Configuration& configuration) {
  const std::string base = configuration.public_url.empty()
                               ? fmt::format("https://{}:{}", configuration.host, configuration.https.port)
                               : configuration.public_url;
  const std::vector<std::string> own_bases{base + configuration.fhir_path};
  const auto index_of = [&](std::string_view type, std::string_view id,
                            std::string_view body) -> std::optional<store::IndexEntries> {
    const auto document = json::Document::parse(body);
    if (!document) return std::nullopt;
    auto index = fhir::index(*document, type, id, {.own_bases = own_bases});
    if (!index) return std::nullopt;
    return std::move(*index);
  };
  const auto count = store::index_again(options, fhir::index_rules, index_of);
  if (!count) return std::unexpected(count.error());
  if (*count > 0) log::info("index_renewed", {{"count", *count}});
  return {};
}

}  // namespace

Result<std::unique_ptr<Installation>> Installation::open(const Paths& paths, const Configuration& configuration) {
  auto all = std::make_unique<Installation>();
  all->paths = paths;
  all->policy = configuration.policy;
  auto keys = crypto::KeyRing::open(paths.keys(), configuration.master, true, all->clock, all->random);
  if (!keys) return std::unexpected(std::move(keys.error()));
  all->keys = std::move(*keys);
  auto log = audit::Log::open(paths.audit(), configuration.audit, *all->keys, all->clock, all->random);
  if (!log) return std::unexpected(std::move(log.error()));
  all->log = std::move(*log);
  const store::Options options{.file = paths.store()};
  auto store = store::open_sqlite(options, all->clock);
  if (!store) return std::unexpected(std::move(store.error()));
  all->store = std::move(*store);
  if (auto renewed = renew_relationships(options); !renewed) return std::unexpected(std::move(renewed.error()));
  if (auto known = load_consents(*all->store, all->consents); !known) return std::unexpected(std::move(known.error()));
  if (auto renewed = renew_index(options, configuration); !renewed) return std::unexpected(std::move(renewed.error()));
  if (auto settled = settle(*all->log, *all->store); !settled) return std::unexpected(std::move(settled.error()));
  return all;
}

}  // namespace ward::app
