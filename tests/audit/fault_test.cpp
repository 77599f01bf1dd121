#include "harness.hpp"

#include <sys/wait.h>
#include <unistd.h>
#include <set>

namespace ward::audit {
namespace {

using namespace std::chrono_literals;

class FaultyDisk : public LogTest {
 protected:
  static bool becomes_open(const Log& log) {
    for (int i = 0; i < 500 && !log.is_open(); ++i) std::this_thread::sleep_for(10ms);
    return log.is_open();
  }
  std::vector<Entry> all(const Filter& filter = {}) {
    auto reader = LogReader::open(directory, keys.get());
    auto found = reader->query(filter);
    EXPECT_TRUE(found) << found.error().text();
    return found ? *found : std::vector<Entry>();
  }
};

TEST_F(FaultyDisk, a_failed_write_or_sync_closes_the_log_and_it_opens_again_by_itself) {
  struct {
    const char* name;
    std::atomic<int>* which;
    int error;
    bool half;
  } const cases[] = {{"write EIO", &disk.fail_write, EIO, false},
                     {"write ENOSPC", &disk.fail_write, ENOSPC, false},
                     {"half a write", &disk.fail_write, EIO, true},
                     {"sync EIO", &disk.fail_sync, EIO, false},
                     {"sync ENOSPC", &disk.fail_sync, ENOSPC, false}};
  for (const auto& one : cases) {
    auto log = open();
    const auto before = log->append_blocking(record());
    ASSERT_TRUE(before) << one.name;
    disk.half = one.half;
    *one.which = one.error;
    auto failed = log->append_blocking(record());
    ASSERT_FALSE(failed) << one.name;
    EXPECT_EQ(failed.error().code(), "log_closed");
    EXPECT_FALSE(log->is_open());
    EXPECT_FALSE(log->closed_reason().empty());
    std::this_thread::sleep_for(60ms);  // some attempts to re-open fail
    EXPECT_EQ(log->append_blocking(record()).error().code(), "log_closed") << one.name;
    audit::no_phi("log_closed");
    audit::no_phi("log_closed");
    *one.which = 0;
    ASSERT_TRUE(becomes_open(*log)) << one.name << log->closed_reason();
    auto after = log->append_blocking(record());
    ASSERT_TRUE(after);
    EXPECT_EQ(after->index(), before->index() + 2) << one.name;  // between them: log.reopened, and nothing that failed
    log.reset();
    const Report report = proof();
    EXPECT_TRUE(report.ok && !report.torn_tail) << one.name << report.text();
    const auto reopened = all({.event = "log.reopened"});
    ASSERT_FALSE(reopened.empty());
    EXPECT_EQ(reopened.back().index, before->index() + 1);
    const auto& detail = reopened.back().record.detail;
    EXPECT_TRUE(std::find(detail.begin(), detail.end(),
                          std::pair<std::string, std::string>("no_phi.log_closed", "2")) != detail.end())
        << one.name;
  }
}

TEST_F(FaultyDisk, outcomes_and_ends_that_met_a_closed_log_are_written_when_it_opens) {
  auto log = open();
  auto intent = log->intend_blocking(record(event::phi_create));
  ASSERT_TRUE(intent);
  disk.fail_sync = EIO;
  EXPECT_FALSE(log->outcome_blocking(*intent, record(event::phi_create)));
  log->append_later(record(event::end));
  disk.fail_sync = 0;
  ASSERT_TRUE(becomes_open(*log));
  EXPECT_EQ(log->stats().open_intents, 0u);
  log.reset();
  EXPECT_EQ(all({.event = "end"}).size(), 1u);
  const auto outcomes = all({.event = "outcome"});
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].record.intent, intent->index());
  EXPECT_TRUE(open()->take_open_intents().empty());
}

TEST_F(FaultyDisk, what_was_not_synced_when_the_process_died_may_stay_and_is_no_damage) {
  {
    auto log = open();
    ASSERT_TRUE(log->append_blocking(record()));
    disk.fail_sync = EIO;  // the bytes are in the file, the caller was told no
    EXPECT_FALSE(log->append_blocking(record()));
  }
  disk.fail_sync = 0;
  auto log = open();
  ASSERT_TRUE(log);
  ASSERT_TRUE(log->append_blocking(record()));
  log.reset();
  EXPECT_TRUE(proof().ok);
}

TEST_F(FaultyDisk, nothing_is_signed_that_is_not_durable) {
  auto log = open();
  ASSERT_TRUE(log->append_blocking(record()));
  disk.fail_sync = EIO;
  EXPECT_FALSE(log->append_blocking(record()));
  std::this_thread::sleep_for(100ms);
  EXPECT_LE(log->stats().checkpoint, log->stats().next_index);
  EXPECT_EQ(log->stats().next_index, 2u);
  disk.fail_sync = 0;
}

TEST_F(FaultyDisk, a_segment_that_cannot_be_made_closes_the_log_at_the_roll_and_it_recovers) {
  auto log = open();
  std::this_thread::sleep_for(100ms);  // the reserve segment is ready
  int written = 0;
  for (; written < 5000; ++written) {
    if (log->stats().next_index == 100) {  // then take the reserve away: as if it had never become ready
      const auto segments = list_segments(directory);
      std::filesystem::remove(segments->back().path);
    }
    if (!log->append_blocking(record())) break;
  }
  ASSERT_LT(written, 5000);
  EXPECT_FALSE(log->is_open());
  std::ofstream(segment_path(directory, 1)) << std::string(options.segment_bytes, '\0');
  ASSERT_TRUE(becomes_open(*log));
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(log->append_blocking(record()));
  log.reset();
  EXPECT_TRUE(proof().ok) << proof().text();
}

TEST_F(FaultyDisk, a_full_queue_says_busy_and_a_stopped_log_closed) {
  options.queue_max = 0;
  auto failed = try_open();  // not even its own first record fits
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), "log_busy");
  options.queue_max = 10;
  auto log = open();
  log->stop();
  EXPECT_EQ(log->append_blocking(record()).error().code(), "log_closed");
}

TEST_F(FaultyDisk, a_reader_beside_a_busy_writer_sees_no_damage) {
  auto log = open();
  constexpr int rounds = 40;
  constexpr int records_per_round = 500;  // the writer stays busy, and the reader can keep up with it
  std::atomic<int> round{0};
  std::thread writer([&] {
    for (int written = 0; round < rounds; std::this_thread::yield())
      for (; written < (round + 1) * records_per_round; ++written) log->append_later(record());
  });
  for (; round < rounds; ++round) {
    const Report report = proof();
    EXPECT_TRUE(report.ok) << report.text();
    auto reader = LogReader::open(directory, keys.get());
    auto tail = reader->tail(5);
    EXPECT_TRUE(tail) << tail.error().text();
  }
  writer.join();
}

TEST_F(FaultyDisk, every_receipt_given_before_a_kill_is_in_the_log) {
  constexpr int rounds = 20;
  std::set<std::uint64_t> receipts;
  open();  // makes the keys: the children inherit them
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto log = try_open();
      if (!log) {
        std::fputs(log.error().text().c_str(), stderr);
        ::_exit(2);
      }
      std::vector<std::thread> threads;
      for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
          for (;;) {
            auto receipt = (*log)->append_blocking(record());
            const std::uint64_t index = receipt ? receipt->index() : UINT64_MAX;
            if (::write(ends[1], &index, sizeof index) != sizeof index) ::_exit(3);
          }
        });
      for (auto& thread : threads) thread.join();
      ::_exit(0);
    }
    ::close(ends[1]);
    std::uint64_t index = 0;
    int got = 0;
    const int wanted = 20 + 37 * round % 300;
    bool killed = false;
    while (::read(ends[0], &index, sizeof index) == sizeof index) {
      ASSERT_NE(index, UINT64_MAX);
      EXPECT_TRUE(receipts.insert(index).second) << "index " << index << " was given twice";
      if (++got == wanted && !std::exchange(killed, true)) ::kill(child, SIGKILL);
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round << ": the log did not open, status " << WEXITSTATUS(status);
    ASSERT_TRUE(proof().ok) << round << proof().text();
  }
  open();
  EXPECT_TRUE(proof().ok);
  std::set<std::uint64_t> stored;
  for (const auto& place : places()) stored.insert(place.index);
  for (const std::uint64_t index : receipts) EXPECT_TRUE(stored.contains(index)) << index;
  EXPECT_EQ(stored.size(), *stored.rbegin() + 1);
}

}  // namespace
}  // namespace ward::audit
