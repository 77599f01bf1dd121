// Many writers at once, a killed process, and a disk that refuses.
#include "support.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

namespace ward::store {
namespace {

namespace asio = boost::asio;

struct Load {
  Store& store;
  int writes_each;
  std::atomic<int> done{0}, failed{0}, strayed{0};
};

asio::awaitable<void> write_some(Load& load, int writer) {
  const auto thread_executor = co_await asio::this_coro::executor;
  for (int i = 0; i < load.writes_each; ++i) {
    const std::string patient = fmt::format("w{}", writer);
    std::vector<Change> changes =
        set_of(create("Observation", fmt::format("w{}-{}", writer, i),
                      {.tokens = {{"code", "s", std::to_string(i % 7)}}, .patients = {patient}}),
               update("Patient", patient));
    const auto outcome = co_await load.store.write(std::move(changes), permit());
    if (thread_executor != co_await asio::this_coro::executor) ++load.strayed;
    if (outcome && (*outcome)[1].version == std::uint64_t(i + 1))
      ++load.done;
    else
      ++load.failed;
    std::vector<Change> again = set_of(create("Observation", fmt::format("w{}-{}", writer, i)));
    const auto refused = co_await load.store.write(std::move(again), permit());
    if (refused || !refused.error().is("version_conflict")) ++load.failed;
  }
}

TEST(Commit, many_coroutines_on_two_threads_each_get_their_own_answer) {
  const Folder folder;
  SystemClock clock;
  const auto store = *open_sqlite({.file = folder.file()}, clock);
  Load load{*store, 20};
  asio::io_context threads[2];
  for (int writer = 0; writer < 64; ++writer)
    asio::co_spawn(threads[writer % 2], write_some(load, writer), asio::detached);
  std::jthread first([&] { threads[0].run(); });
  threads[1].run();
  first.join();
  EXPECT_EQ(load.done, 64 * 20);
  EXPECT_EQ(load.failed, 0);
  EXPECT_EQ(load.strayed, 0);
  const auto reader = *store->reader();
  const Query query{.type = "Observation", .visible = {{.all = true}}, .count = 1, .total = Total::accurate};
  EXPECT_EQ(reader->search(query)->total, 64u * 20u);
}

TEST(Commit, a_full_queue_says_so) {
  const Folder folder;
  SystemClock clock;
  const auto store = *open_sqlite({.file = folder.file(), .queue_max = 0}, clock);
  const auto done = store->write_blocking(set_of(create("Patient", "1")), permit());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), "store_busy");
}

TEST(Commit, the_log_is_copied_into_the_file_beside_the_writes) {
  const Folder folder;
  SystemClock clock;
  const auto store = *open_sqlite({.file = folder.file()}, clock);
  const auto size_before = std::filesystem::file_size(folder.file());
  for (int i = 0; i < 40; ++i) {
    Change change = create("Binary", std::to_string(i));
    change.body = Buffer(fmt::format(R"({{"a":"{}"}})", std::string(1 << 20, 'x')));
    ASSERT_TRUE(store->write_blocking(set_of(std::move(change)), permit()));
  }
  for (int i = 0; i < 100 && std::filesystem::file_size(folder.file()) < size_before + (10 << 20); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_GT(std::filesystem::file_size(folder.file()), size_before + (10 << 20));
}

/// Writes until it is killed; tells through `out` what was acknowledged.
[[noreturn]] void write_until_killed(const std::filesystem::path& file, int round, int out) {
  SystemClock clock;
  auto store = open_sqlite({.file = file}, clock);
  if (!store) ::_exit(3);
  const auto worker = [&](int thread) {
    for (std::uint32_t i = 0;; ++i) {
      const std::string id = fmt::format("r{}-{}-{}", round, thread, i);
      std::vector<Change> changes =
          set_of(create("Observation", id, {.tokens = {{"code", "s", "x"}}, .patients = {"1"}}),
                 update("Patient", fmt::format("t{}", thread)), create("Basic", id));
      if (!(*store)->write_blocking(std::move(changes), permit(i))) ::_exit(4);
      const std::string line = id + "\n";
      if (::write(out, line.data(), line.size()) != ssize_t(line.size())) ::_exit(5);
    }
  };
  std::jthread other(worker, 1);
  worker(0);
  ::_exit(6);
}

TEST(Commit, what_was_acknowledged_survives_twenty_kills) {
  const Folder folder;
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) write_until_killed(folder.file(), round, ends[1]);
    ::close(ends[1]);
    std::string text;
    std::jthread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(40 + round * 7));
      ::kill(child, SIGKILL);
    });
    char bytes[4096];
    for (ssize_t got; (got = ::read(ends[0], bytes, sizeof bytes)) > 0;) text.append(bytes, std::size_t(got));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round << ", exit " << WEXITSTATUS(status);
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
      acknowledged.push_back(text.substr(at, end - at));

    SystemClock clock;
    const auto store = *open_sqlite({.file = folder.file()}, clock);
    const auto reader = *store->reader();
    for (const std::string& id : acknowledged) {
      ASSERT_TRUE(*reader->read("Observation", id)) << "round " << round << " lost " << id;
      ASSERT_TRUE(*reader->read("Basic", id)) << "round " << round << " has half of " << id;
    }
    // What was not acknowledged is there wholly or not at all, and the index agrees with the resources.
    const auto count = [&](Query query) { return *reader->search(query)->total; };
    const Visible all = {{.all = true}};
    const auto observations = count({.type = "Observation", .visible = all, .count = 0, .total = Total::accurate});
    EXPECT_EQ(count({.type = "Basic", .visible = all, .count = 0, .total = Total::accurate}), observations);
    EXPECT_EQ(count({.type = "Observation", .visible = {{.patients = {"1"}}}, .count = 0, .total = Total::accurate}),
              observations);
    EXPECT_GE(observations, acknowledged.size());
  }
  EXPECT_GT(acknowledged.size(), 20u);
}

/// In a process of its own: files may not grow for a while, as if the disk were full.
int meet_a_full_disk(const std::filesystem::path& file) {
  ::signal(SIGXFSZ, SIG_IGN);
  SystemClock clock;
  const auto store = *open_sqlite({.file = file}, clock);
  const auto reader = *store->reader();
  const auto write = [&](const char* id) {
    Change change = create("Patient", id);
    change.body = Buffer(fmt::format(R"({{"a":"{}"}})", std::string(100'000, 'x')));
    const auto done = store->write_blocking(set_of(std::move(change)), permit());
    return done ? std::string() : std::string(done.error().code());
  };
  const auto limit = [&](rlim_t bytes) {
    struct rlimit files;
    ::getrlimit(RLIMIT_FSIZE, &files);
    files.rlim_cur = bytes;
    return ::setrlimit(RLIMIT_FSIZE, &files);
  };
  if (write("before") != "" || !store->healthy()) return 10;
  limit(0);
  if (write("lost") != "store_failed" || store->healthy()) return 11;
  if (write("lost-too") != "store_failed") return 12;
  const auto found = reader->read("Patient", "before");
  if (!found || !*found) return 13;
  limit(RLIM_INFINITY);
  for (int i = 0; i < 50 && !store->healthy(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  if (!store->healthy()) return 14;
  if (write("after") != "") return 15;
  const auto after = reader->read("Patient", "after");
  const auto lost = reader->read("Patient", "lost");
  if (!after || !*after || !lost || *lost) return 16;
  limit(0);
  if (write("lost") != "store_failed") return 17;
  limit(RLIM_INFINITY);
  if (write("at-once") != "" || !store->healthy()) return 18;  // without waiting for a probe
  return 0;
}

TEST(Commit, a_disk_that_was_full_serves_again_by_itself) {
  const Folder folder;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(meet_a_full_disk(folder.file()));
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Open, foreign_and_newer_files_are_refused_by_name) {
  struct Case {
    const char* name;
    const char* sql;
    const char* code;
  };
  const Case cases[] = {
      {"another program's", "DROP TABLE about; PRAGMA application_id = 5;", "store_foreign"},
      {"a newer schema", "PRAGMA user_version = 99;", "store_newer"},
  };
  for (const Case& c : cases) {
    const Folder folder;
    SystemClock clock;
    {
      const auto store = *open_sqlite({.file = folder.file()}, clock);
    }
    const std::string command = fmt::format("sqlite3 {} '{}' >/dev/null 2>&1", folder.file().string(), c.sql);
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "needs the sqlite3 command";
    const auto store = open_sqlite({.file = folder.file()}, clock);
    ASSERT_FALSE(store) << c.name;
    EXPECT_EQ(store.error().code(), c.code) << c.name;
    EXPECT_NE(store.error().message().find(folder.file().string()), std::string::npos) << c.name;
  }
  const Folder folder;
  SystemClock clock;
  const auto nowhere = open_sqlite({.file = folder.file() / "no" / "such"}, clock);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().code(), "store_failed");
}

}  // namespace
}  // namespace ward::store
