// How many records the log keeps per second, durable ones, with so many requests waiting at a time; and what that costs
// in CPU.
#include "audit/audit.hpp"

#include "crypto/keys.hpp"

#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>

namespace {

using namespace ward;

audit::Record record() {
  audit::Record made{.event = std::string(audit::event::phi_read), .action = 'R'};
  made.method = "GET";
  made.route = "/fhir/{type}/{id}";
  made.status = 200;
  made.actor = "Practitioner/3";
  made.roles = {"physician"};
  made.client = "clinic-app";
  made.ip = "192.0.2.7";
  made.jti = "7c0e4a4e-8b1f-4df3-a0ce-0f27b5ef9d6a";
  made.request_id = "0123456789abcdef";
  made.types = {{"Observation", 1}};
  made.purpose = "TREAT";
  made.cause = "ward.toml:12";
  made.duration_us = 812;
  made.bytes = 2600;
  made.subjects = Phi(audit::Subjects{.of = {{"Patient/12", {"Observation/7/_history/2"}}}, .query = "", .text = ""});
  return made;
}

/// A log in a folder of its own, on the disk that TMPDIR is on.
struct Place {
  Place() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ward-bench-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    auto opened = crypto::KeyRing::open(root / "keys", {.file = root / "master", .command = ""}, true, clock, random);
    WARD_ASSERT(opened);
    keys = std::move(*opened);
    auto made = audit::Log::open(root / "log", {}, *keys, clock, random);
    WARD_ASSERT(made);
    log = std::move(*made);
  }
  ~Place() {
    log.reset();
    std::filesystem::remove_all(root);
  }
  std::filesystem::path root;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<crypto::KeyRing> keys;
  std::unique_ptr<audit::Log> log;
};

boost::asio::awaitable<void> append_some(audit::Log& log, int count) {
  const audit::Record made = record();
  for (int i = 0; i < count; ++i) {
    const auto receipt = co_await log.append(made);
    WARD_ASSERT(receipt);
  }
}

void append(benchmark::State& state) {
  constexpr int each = 32;
  Place place;
  const auto waiting = static_cast<int>(state.range(0));
  for (auto _ : state) {
    boost::asio::io_context loop(1);
    for (int i = 0; i < waiting; ++i) co_spawn(loop, append_some(*place.log, each), boost::asio::detached);
    loop.run();
  }
  const audit::Stats stats = place.log->stats();
  state.SetItemsProcessed(state.iterations() * waiting * each);  // "items_per_second": records
  state.counters["records_per_sync"] =
      static_cast<double>(stats.records) / static_cast<double>(std::max<std::uint64_t>(1, stats.syncs));
  state.counters["bytes_per_record"] =
      static_cast<double>(stats.bytes) / static_cast<double>(std::max<std::uint64_t>(1, stats.records));
}

// Both threads' CPU time (the loop's and the sequencer's), and the wall clock for the rate.
BENCHMARK(append)->Arg(1)->Arg(8)->Arg(64)->Arg(512)->MeasureProcessCPUTime()->UseRealTime()->Unit(
    benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
