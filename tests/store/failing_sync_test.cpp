// A disk whose sync fails: what SQLite calls is defined here, in the program, and fails when told to.
#include "support.hpp"

#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>

namespace {
std::atomic<bool> sync_fails{false};
std::atomic<int> syncs{0};
}  // namespace

extern "C" int fdatasync(int file) {
  ++syncs;
  if (sync_fails) return errno = EIO, -1;
  return int(::syscall(SYS_fdatasync, file));
}
extern "C" int fsync(int file) {
  ++syncs;
  if (sync_fails) return errno = EIO, -1;
  return int(::syscall(SYS_fsync, file));
}

namespace ward::store {
namespace {

TEST(FailingSync, is_never_acknowledged_and_mends_by_itself) {
  const Folder folder;
  SystemClock clock;
  auto store = *open_sqlite({.file = folder.file()}, clock);
  const auto write = [&](const std::string& id) {
    const auto done = store->write_blocking(set_of(create("Basic", id), update("Patient", "1")), permit());
    return done ? "" : std::string(done.error().code());
  };
  std::vector<std::string> acknowledged;
  for (int round = 0; round < 5; ++round) {
    const std::string good = fmt::format("good-{}", round);
    const int before = syncs;
    ASSERT_EQ(write(good), "");
    EXPECT_GT(syncs, before) << "no acknowledgement without a sync";
    acknowledged.push_back(good);
    sync_fails = true;
    EXPECT_EQ(write(fmt::format("bad-{}", round)), "store_failed");
    EXPECT_FALSE(store->healthy());
    EXPECT_EQ(write(fmt::format("worse-{}", round)), "store_failed");
    EXPECT_TRUE(*(*store->reader())->read("Basic", good)) << "reading goes on";
    sync_fails = false;
    for (int i = 0; i < 50 && !store->healthy(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(store->healthy());
  }
  store.reset();
  store = *open_sqlite({.file = folder.file()}, clock);
  const auto reader = *store->reader();
  for (const std::string& id : acknowledged) EXPECT_TRUE(*reader->read("Basic", id)) << id;
  const auto page = *reader->search({.type = "Basic", .visible = {{.all = true}}, .total = Total::accurate});
  EXPECT_EQ((**reader->read("Patient", "1")).version, *page.total) << "sets are whole, whatever became of them";
}

}  // namespace
}  // namespace ward::store
