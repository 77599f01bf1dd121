// What a person sees of their sign-ins: strangers' failures cannot push out their own.
#include "history.hpp"
#include "clinic.hpp"

#include <algorithm>

namespace ward::identity {
namespace {

struct HistoryTest : ::testing::Test {
  MemoryStore store;
  History history{store};

  void good(std::int64_t at) {
    history.note("dora", {.at = at, .what = "history.signed_in", .where = "home", .good = true});
  }
  void bad(std::int64_t at, const std::string& where, const char* what = "history.password_wrong") {
    history.note("dora", {.at = at, .what = what, .where = where});
  }
  std::uint64_t failures() const {
    std::uint64_t sum = 0;
    for (const SignIn& one : history.of_person("dora")) sum += one.good ? 0 : one.count;
    return sum;
  }
};

TEST_F(HistoryTest, equal_failures_are_one_with_a_count_even_if_others_come_between) {
  good(1);
  for (int i = 0; i < 10; ++i) bad(10 + i, i % 2 == 0 ? "one" : "other");
  const auto seen = history.of_person("dora");
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].where, "other") << "the newest first";
  EXPECT_EQ(seen[0].count, 5u);
  EXPECT_EQ(seen[0].at, 19);
  EXPECT_EQ(seen[1].where, "one");
  EXPECT_EQ(seen[1].at, 18);
  EXPECT_TRUE(seen[2].good);
}

TEST_F(HistoryTest, a_flood_from_everywhere_is_counted_and_pushes_nothing_out) {
  good(1);
  good(2);
  for (int i = 0; i < 1'000; ++i)
    bad(10 + i, "network " + std::to_string(i), i % 3 == 0 ? "history.locked" : "history.password_wrong");
  const auto seen = history.of_person("dora");
  EXPECT_LE(seen.size(), History::places_max + 2 + 2);
  EXPECT_EQ(failures(), 1'000u);
  EXPECT_EQ(std::ranges::count(seen, true, &SignIn::good), 2);
  EXPECT_EQ(seen.front().where, "") << "many";
  good(2'000);
  bad(2'001, "network 1");
  EXPECT_EQ(history.of_person("dora").front().count, 1u) << "a sign-in begins a new count";
}

TEST_F(HistoryTest, is_bounded_and_the_same_after_a_restart) {
  for (int i = 0; i < 100; ++i) {
    good(2 * i);
    bad(2 * i + 1, "somewhere");
  }
  EXPECT_EQ(history.of_person("dora").size(), History::per_person_max);
  History again(store);
  ASSERT_TRUE(again.load());
  const auto before = history.of_person("dora"), after = again.of_person("dora");
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].at, after[i].at);
    EXPECT_EQ(before[i].what, after[i].what);
    EXPECT_EQ(before[i].where, after[i].where);
    EXPECT_EQ(before[i].good, after[i].good);
    EXPECT_EQ(before[i].count, after[i].count);
  }
}

}  // namespace
}  // namespace ward::identity
