// ward audit tail | query | verify | epoch.
#include "audit/reader.hpp"

#include "commands/commands.hpp"
#include "configuration.hpp"
#include "control/control.hpp"
#include "server.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <chrono>
#include <thread>

namespace ward::app {
namespace {

/// Who reads the log is in the log: once, before anything is shown.
Result<void> record_reading(const CommonOptions& options, const std::string& what, const std::string& filter) {
  const auto told =
      ask_server(options.paths().control(), {{"command", "audit-read"}, {"what", what}, {"filter", filter}});
  if (told) return {};
  if (!told.error().is("not_running")) return std::unexpected(told.error());
  const auto lock = DirectoryLock::take(options.paths());
  if (!lock) return std::unexpected(lock.error());
  const Configuration configuration = read_configuration(options.configuration(), {}, options.paths().directory);
  auto installation = Installation::open(options.paths(), configuration);
  if (!installation) return std::unexpected(std::move(installation.error()));
  audit::Record record{
      .event = std::string(audit::event::log_read), .action = 'E', .detail = {{"command", what}, {"filter", filter}}};
  auto receipt = (*installation)->log->append_blocking(std::move(record));
  if (!receipt) return std::unexpected(std::move(receipt.error()));
  (*installation)->log->stop();
  return {};
}

struct Opened {
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<crypto::KeyRing> keys;
};

/// The key ring, if its master key can be read; without it the sealed parts stay sealed.
void open_keys(const CommonOptions& options, Opened& opened) {
  const Configuration configuration = read_configuration(options.configuration(), {}, options.paths().directory);
  auto keys = crypto::KeyRing::open(options.paths().keys(), configuration.master, false, opened.clock, opened.random);
  if (keys)
    opened.keys = std::move(*keys);
  else
    fmt::print(stderr, "ward: sealed parts stay sealed: {}\n", keys.error().text());
}

/// The log is for people who may read PHI; a terminal gets it in full only when asked (--json).
void print_entry(const audit::Entry& entry, bool json) {
  if (json)
    fmt::print("{}\n", audit::full_json(entry).inside());
  else
    fmt::print("{}\n", audit::text_line(entry));
  std::fflush(stdout);
}

int run_tail(const CommonOptions& options, std::size_t count, bool follow) {
  if (auto recorded = record_reading(options, "tail", ""); !recorded) return complain(recorded.error());
  Opened opened;
  open_keys(options, opened);
  auto reader = audit::LogReader::open(options.paths().audit(), opened.keys.get());
  if (!reader) return complain(reader.error());
  const auto entries = reader->tail(count);
  if (!entries) return complain(entries.error());
  std::uint64_t next = 0;
  for (const audit::Entry& entry : *entries) {
    print_entry(entry, options.json);
    next = entry.index + 1;
  }
  while (follow) {
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    const auto more = reader->each(next, [&](const audit::Entry& entry) {
      print_entry(entry, options.json);
      next = entry.index + 1;
      return true;
    });
    if (!more) return complain(more.error());
  }
  return 0;
}

int run_query(const CommonOptions& options, const audit::Filter& filter) {
  const std::string asked =
      fmt::format("patient {} actor {} client {} event {} request {}", filter.patient.empty() ? "-" : "given",
                  filter.actor, filter.client, filter.event, filter.request_id);
  if (auto recorded = record_reading(options, "query", asked); !recorded) return complain(recorded.error());
  Opened opened;
  open_keys(options, opened);
  auto reader = audit::LogReader::open(options.paths().audit(), opened.keys.get());
  if (!reader) return complain(reader.error());
  const auto entries = reader->query(filter);
  if (!entries) return complain(entries.error());
  for (const audit::Entry& entry : *entries) print_entry(entry, options.json);
  if (!options.json) fmt::print("{} entries\n", entries->size());
  return 0;
}

int run_verify(const CommonOptions& options, const std::string& key) {
  const bool terminal = ::isatty(2) != 0;
  const auto report =
      audit::verify(options.paths().audit(), {.verifier_key = key, .progress = [&](std::uint64_t entries) {
                                                if (terminal) fmt::print(stderr, "\r{} entries", entries);
                                              }});
  if (terminal) fmt::print(stderr, "\r\033[K");
  if (!report) return complain(report.error(), options.json);
  fmt::print("{}\n", options.json ? report->json() : report->text());
  return report->ok ? 0 : 1;
}

int run_epoch(const CommonOptions& options, const std::string& reason) {
  const auto lock = DirectoryLock::take(options.paths());
  if (!lock) return complain(lock.error());
  const Configuration configuration = read_configuration(options.configuration(), {}, options.paths().directory);
  Opened opened;
  auto keys = crypto::KeyRing::open(options.paths().keys(), configuration.master, false, opened.clock, opened.random);
  if (!keys) return complain(keys.error());
  const auto done =
      audit::new_epoch(options.paths().audit(), reason, configuration.audit, **keys, opened.clock, opened.random);
  if (!done) return complain(done.error());
  fmt::print("a new epoch has begun; the old log is kept beside it and stays evidence\n");
  return 0;
}

struct QueryOptions {
  audit::Filter filter;
  std::string outcome, from, until;
};

int parse_and_query(const CommonOptions& options, QueryOptions& query) {
  for (const audit::Outcome one :
       {audit::Outcome::success, audit::Outcome::refused, audit::Outcome::failed, audit::Outcome::unknown})
    if (audit::name(one) == query.outcome) query.filter.outcome = one;
  if (!query.outcome.empty() && !query.filter.outcome)
    return complain(Error("outcome", "--outcome takes success, refused, failed or unknown"));
  for (const auto& [text, time] :
       {std::pair(&query.from, &query.filter.from), std::pair(&query.until, &query.filter.until)}) {
    if (text->empty()) continue;
    *time = parse_rfc3339(*text);
    if (!*time) return complain(Error("time", "times are written as 2026-11-24T09:30:00Z"));
  }
  return run_query(options, query.filter);
}

}  // namespace

void add_audit(CLI::App& app, int& status) {
  auto* group = app.add_subcommand("audit", "the tamper-evident log: tail, query, verify, epoch");
  group->require_subcommand(1);
  group->footer(
      "Examples:\n  ward audit tail -f\n  ward audit query --patient Patient/abc --json\n  ward audit verify");
  auto options = std::make_shared<CommonOptions>();
  add_common(*group, *options);
  group->fallthrough();

  auto* tail = group->add_subcommand("tail", "the last entries");
  auto count = std::make_shared<std::size_t>(20);
  auto follow = std::make_shared<bool>(false);
  tail->add_option("-n,--count", *count, "how many")->capture_default_str();
  tail->add_flag("-f,--follow", *follow, "wait for more");
  tail->callback([=, &status] { status = run_tail(*options, *count, *follow); });

  auto* query = group->add_subcommand("query", "entries by patient, actor, client, event, outcome, request or time");
  auto asked = std::make_shared<QueryOptions>();
  query->add_option("--patient", asked->filter.patient, "Patient/12");
  query->add_option("--actor", asked->filter.actor, "Practitioner/3");
  query->add_option("--client", asked->filter.client);
  query->add_option("--event", asked->filter.event, "phi.read, refusal, block ...");
  query->add_option("--request", asked->filter.request_id, "the X-Request-Id of an answer");
  query->add_option("--ip", asked->filter.ip);
  query->add_option("--outcome", asked->outcome, "success, refused, failed, unknown");
  query->add_option("--from", asked->from, "RFC 3339");
  query->add_option("--until", asked->until, "RFC 3339");
  query->add_option("--limit", asked->filter.limit)->capture_default_str();
  query->add_flag("--newest-first", asked->filter.newest_first);
  query->callback([=, &status] { status = parse_and_query(*options, *asked); });

  auto* verify =
      group->add_subcommand("verify", "prove that no entry was changed, removed or put in; exit 1 if one was");
  auto key = std::make_shared<std::string>();
  verify->add_option("--key", *key, "the verifier key that you kept (default: the one in the directory)");
  verify->callback([=, &status] { status = run_verify(*options, *key); });

  auto* epoch = group->add_subcommand("epoch", "seal a damaged log and begin a new one (server stopped)");
  auto reason = std::make_shared<std::string>();
  epoch->add_option("--reason", *reason, "why; it is the first record of the new log")->required();
  epoch->callback([=, &status] { status = run_epoch(*options, *reason); });
}

}  // namespace ward::app
