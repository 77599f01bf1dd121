// Measurements, run by hand: audit_test --gtest_also_run_disabled_tests --gtest_filter='*Speed*'
#include "encode.hpp"
#include "harness.hpp"

#include <ctime>

namespace ward::audit {
namespace {

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}
double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

class Speed : public LogTest {
 protected:
  Speed() { options = {.segment_bytes = 64u << 20}; }
};

boost::asio::awaitable<void> append_until(Log& log, Record made, double until, std::uint64_t& count) {
  while (seconds() < until) {
    const auto receipt = co_await log.append(made);
    if (!receipt) co_return;
    ++count;
  }
}

TEST_F(Speed, DISABLED_append_at_64_waiting_and_verify) {
  std::uint64_t count = 0;
  {
    auto log = open();
    boost::asio::io_context loop(1);
    const double begin = seconds(), cpu = cpu_seconds();
    for (int i = 0; i < 64; ++i) co_spawn(loop, append_until(*log, record(), begin + 5, count), boost::asio::detached);
    loop.run();
    const auto stats = log->stats();
    const double took = seconds() - begin, spent = cpu_seconds() - cpu;
    fmt::print(
        "append: {:.0f}/s, CPU {:.1f} us per record, {:.1f} records per sync, sync {:.0f} us, {:.0f} bytes per "
        "record\n",
        static_cast<double>(count) / took, spent / static_cast<double>(count) * 1e6,
        static_cast<double>(count) / static_cast<double>(stats.syncs), stats.sync_seconds * 1e6,
        static_cast<double>(stats.bytes) / static_cast<double>(stats.records));
    for (int i = 0; i < 300'000; ++i) {
      while (log->stats().queued > 50'000) std::this_thread::yield();
      log->append_later(record());
    }
  }
  verify(directory);  // warms the page cache
  const double cpu = cpu_seconds();
  const Report report = proof();
  EXPECT_TRUE(report.ok) << report.text();
  fmt::print("verify: {} entries, {:.0f}/s of wall clock, {:.0f}/s of CPU\n", report.entries,
             static_cast<double>(report.entries) / report.seconds,
             static_cast<double>(report.entries) / (cpu_seconds() - cpu));
  const double again = seconds();
  open();
  fmt::print("open: {:.3f} s\n", seconds() - again);
}

TEST_F(Speed, DISABLED_encode) {
  Encoder encoder(LogId{}, "1", {"key", Secret(std::string(32, 'k'))}, clock, random);
  const Record made = record();
  constexpr int rounds = 200'000;
  const double begin = cpu_seconds();
  std::size_t bytes = 0;
  for (int i = 0; i < rounds; ++i) bytes += encoder.encode(made)->front().size();
  fmt::print("encode and seal: {:.2f} us, {} bytes\n", (cpu_seconds() - begin) / rounds * 1e6, bytes / rounds);
}

}  // namespace
}  // namespace ward::audit
