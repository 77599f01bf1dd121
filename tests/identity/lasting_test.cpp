// What lives long in memory: agreements and sessions, their ends and their bounds.
#include "agreements.hpp"
#include "clinic.hpp"
#include "sessions.hpp"

#include <malloc.h>

namespace ward::identity {
namespace {

Agreement agreement(std::string id, std::int64_t ends) {
  Agreement made;
  made.id = std::move(id);
  made.username = "paul";
  made.client_id = "portal";
  made.code_hash = "code of " + made.id;
  made.ends = ends;
  made.ends_at_last = 1'000'000;
  return made;
}

struct LastingAgreements : ::testing::Test {
  MemoryStore store;
  Agreements agreements{store};
  bool in_store(const std::string& id) const { return store.values.contains({"identity.agreement", id}); }
};

TEST_F(LastingAgreements, a_code_that_nobody_took_goes_when_it_is_over) {
  ASSERT_TRUE(agreements.add(agreement("a", 100), 40));
  ASSERT_TRUE(agreements.add(agreement("b", 200), 99));
  EXPECT_TRUE(agreements.find("a"));
  ASSERT_TRUE(agreements.add(agreement("c", 201), 100));
  EXPECT_FALSE(agreements.find("a"));
  EXPECT_FALSE(in_store("a"));
  EXPECT_TRUE(in_store("b"));
}

TEST_F(LastingAgreements, one_whose_end_moved_on_stays_until_that_end) {
  ASSERT_TRUE(agreements.add(agreement("a", 100), 40));
  EXPECT_EQ(agreements.take_code(agreement("a", 100), "r1", 1'000).taken, Agreements::Taken::fresh);
  ASSERT_TRUE(agreements.add(agreement("b", 200), 150));
  EXPECT_TRUE(agreements.find("a")) << "its first end is past, its last is not";
  EXPECT_EQ(agreements.rotate("a", "r1", "r2", "sealed", 900, 2'000).taken, Agreements::Taken::fresh);
  ASSERT_TRUE(agreements.add(agreement("c", 1'600), 1'500));
  EXPECT_TRUE(agreements.find("a"));
  EXPECT_TRUE(agreements.by_code("code of a")) << "a replay of its code must still be known";
  ASSERT_TRUE(agreements.add(agreement("d", 2'100), 2'000));
  EXPECT_FALSE(agreements.find("a"));
  EXPECT_FALSE(agreements.by_code("code of a"));
  EXPECT_FALSE(in_store("a"));
}

TEST_F(LastingAgreements, refreshing_does_not_fill_memory) {
  ASSERT_TRUE(agreements.add(agreement("a", 100), 40));
  agreements.take_code(agreement("a", 100), "r", 1'000);
  const std::size_t before = ::mallinfo2().uordblks;  // nothing, under a sanitiser
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(agreements.rotate("a", "r", "r", "sealed", 50, 1'001 + 2 * i).taken, Agreements::Taken::fresh);
    agreements.prolong("a", 1'002 + 2 * i);
  }
  EXPECT_LT(::mallinfo2().uordblks, before + 100'000);
}

TEST_F(LastingAgreements, those_of_a_restart_go_at_their_end_too) {
  ASSERT_TRUE(agreements.add(agreement("a", 100), 40));
  agreements.take_code(agreement("a", 100), "r1", 1'000);
  Agreements again{store};
  ASSERT_TRUE(again.load(500));
  ASSERT_TRUE(again.find("a"));
  ASSERT_TRUE(again.add(agreement("b", 2'000), 1'000));
  EXPECT_FALSE(again.find("a"));
}

Session session(std::string hash, std::string username, std::int64_t seen) {
  Session made;
  made.hash = std::move(hash);
  made.username = std::move(username);
  made.created = made.seen = seen;
  made.idle = 100;
  made.ends = 1'000;
  return made;
}

struct LastingSessions : ::testing::Test {
  MemoryStore store;
  Sessions sessions{store};
};

TEST_F(LastingSessions, a_new_name_takes_the_place_of_the_one_before) {
  ASSERT_TRUE(sessions.begin(session("one", "dora", 10), "", 10));
  ASSERT_TRUE(sessions.begin(session("two", "dora", 11), "one", 11));
  EXPECT_EQ(sessions.find("one", 12), nullptr);
  ASSERT_NE(sessions.find("two", 12), nullptr);
  EXPECT_EQ(sessions.of_person("dora", 12).size(), 1u);
  EXPECT_EQ(store.values.size(), 1u);
}

TEST_F(LastingSessions, ending_all_of_a_person_ends_nobody_elses) {
  for (const char* hash : {"a", "b", "c"}) ASSERT_TRUE(sessions.begin(session(hash, "dora", 10), "", 10));
  ASSERT_TRUE(sessions.begin(session("p", "paul", 10), "", 10));
  sessions.find("b", 20);  // what was seen is another object from now on
  EXPECT_EQ(sessions.end_all("dora", "c").first, 2u);
  EXPECT_EQ(sessions.find("a", 20), nullptr);
  EXPECT_EQ(sessions.find("b", 20), nullptr);
  EXPECT_NE(sessions.find("c", 20), nullptr);
  EXPECT_NE(sessions.find("p", 20), nullptr);
  EXPECT_TRUE(sessions.end("c"));
  EXPECT_FALSE(sessions.end("c"));
  EXPECT_EQ(sessions.end_all("dora", "").first, 0u);
  EXPECT_EQ(sessions.size(), 1u);
}

TEST_F(LastingSessions, the_one_seen_longest_ago_goes_when_a_person_has_too_many) {
  for (std::size_t i = 0; i <= Sessions::per_person_max; ++i)
    ASSERT_TRUE(sessions.begin(session("s" + std::to_string(i), "dora", 10 + static_cast<std::int64_t>(i)), "", 60));
  EXPECT_EQ(sessions.size(), Sessions::per_person_max);
  EXPECT_EQ(sessions.find("s0", 61), nullptr);
  EXPECT_NE(sessions.find("s1", 61), nullptr);
}

TEST_F(LastingSessions, a_restart_knows_whose_they_are) {
  ASSERT_TRUE(sessions.begin(session("a", "dora", 10), "", 10));
  ASSERT_TRUE(sessions.begin(session("b", "dora", 200), "", 10));
  Sessions again{store};
  ASSERT_TRUE(again.load(150));
  EXPECT_EQ(again.size(), 1u) << "the first was over";
  EXPECT_EQ(again.end_all("dora", "").first, 1u);
  EXPECT_TRUE(store.values.empty());
}

}  // namespace
}  // namespace ward::identity
