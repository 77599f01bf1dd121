// The history of types: its order, pages, times, and that files of the first schema come to have it.
#include "support.hpp"

#include <sqlite3.h>

namespace ward::store {
namespace {

class Histories : public StoreTest {
 protected:
  using Sees = std::function<bool(const Version&, const Version&)>;

  /// "Type/id/version ..." of a page; follows it to the end if `pages`.
  std::string recent(History asked, bool pages = false) {
    if (!asked.sees) asked.sees = [](const Version&, const Version&) { return true; };
    std::string out;
    do {
      auto page = reader->recent(asked);
      if (!page) return std::string(page.error().code());
      EXPECT_LE(page->found.size(), asked.count);
      for (const Version& one : page->found)
        out += fmt::format("{}{}/{}/{}{}", out.empty() ? "" : " ", one.type, one.id, one.version,
                           one.deleted ? " deleted" : "");
      asked.after = page->next;
    } while (pages && !asked.after.empty());
    return out;
  }
  void later(std::chrono::milliseconds time = std::chrono::seconds(1)) { clock.advance(time); }
  std::int64_t now() { return clock.wall().time_since_epoch().count(); }

  /// a: patient 1; b: patients 1 and 2; c: patient 2, then 1; d: of nobody.
  void fill() {
    ASSERT_EQ(write(create("Patient", "1", {.patients = {"1"}}), create("Patient", "2", {.patients = {"2"}})), "");
    later();
    ASSERT_EQ(write(create("Observation", "a", {.patients = {"1"}})), "");
    later();
    ASSERT_EQ(write(create("Observation", "b", {.patients = {"1", "2"}})), "");
    later();
    ASSERT_EQ(write(create("Observation", "c", {.patients = {"2"}}), create("Location", "d")), "");
    later();
    ASSERT_EQ(write(update("Observation", "a", {.patients = {"1"}})), "");
    later();
    ASSERT_EQ(write(update("Observation", "c", {.patients = {"1"}})), "");
    later();
    ASSERT_EQ(write(remove("Observation", "b")), "");
    later();
  }
  const History::Of everybody{"Observation", true, {}};
  const History::Of of_1{"Observation", false, {"1"}};
};

TEST_F(Histories, are_newest_first_and_of_the_patients_asked_for) {
  fill();
  EXPECT_EQ(recent({.of = {everybody}}),
            "Observation/b/2 deleted Observation/c/2 Observation/a/2 Observation/c/1 Observation/b/1 Observation/a/1");
  EXPECT_EQ(recent({.of = {of_1}}),
            "Observation/b/2 deleted Observation/c/2 Observation/a/2 Observation/b/1 Observation/a/1");
  EXPECT_EQ(recent({.of = {{"Observation", false, {"1", "2", "1"}}}}), recent({.of = {everybody}})) << "nothing twice";
  EXPECT_EQ(recent({.of = {{"Location", true, {}}, {"Patient", false, {"2"}}}}), "Location/d/1 Patient/2/1");
  EXPECT_EQ(recent({.of = {{"Observation", false, {"3"}}, {"Account", true, {}}}}), "");
  EXPECT_EQ(recent({.of = {}}), "");
}

TEST_F(Histories, of_too_many_patients_are_walked_as_a_whole_and_hold_what_is_seen) {
  fill();
  const std::vector<std::string> many(history_ranges_max + 1, "1");
  const Sees sees = [](const Version& one, const Version&) { return one.id == "a"; };
  EXPECT_EQ(recent({.of = {{"Observation", false, many}}, .sees = sees}), "Observation/a/2 Observation/a/1");
}

TEST_F(Histories, pages_neither_repeat_nor_lose_and_hold_what_is_seen_alone) {
  fill();
  for (const std::size_t count : {1, 2, 3, 5, 100}) {
    EXPECT_EQ(recent({.of = {everybody}, .count = count}, true), recent({.of = {everybody}})) << count;
    const Sees sees = [](const Version& one, const Version&) { return one.id != "c"; };
    EXPECT_EQ(recent({.of = {everybody}, .count = count, .sees = sees}, true),
              "Observation/b/2 deleted Observation/a/2 Observation/b/1 Observation/a/1")
        << count;
  }
  History last{.of = {everybody}, .count = 2};
  last.sees = [](const Version& one, const Version&) { return one.id == "c"; };
  EXPECT_EQ(reader->recent(last)->next, "") << "what follows is not seen, so nothing does";
  last.sees = [](const Version& one, const Version& current) {
    EXPECT_EQ(one.id, current.id);
    EXPECT_EQ(current.version, one.id == "a" || one.id == "b" || one.id == "c" ? 2u : 1u);
    return true;
  };
  ASSERT_TRUE(reader->recent(last));
  for (const char* after : {"x", "1", "1.2", "1.2.x", "1.2.3.4", "1.2.3 ", "99999999999999999999.1.1"})
    EXPECT_EQ(recent({.of = {everybody}, .after = after}), "page_invalid") << after;
  EXPECT_EQ(recent({.of = {everybody}, .count = 10'001}), "invalid_query");
}

TEST_F(Histories, are_of_a_time) {
  const std::int64_t start = now();
  fill();
  const auto second = [&](int n) { return start + n * 1000; };
  EXPECT_EQ(recent({.of = {everybody}, .since = second(5)}), "Observation/b/2 deleted Observation/c/2");
  EXPECT_EQ(recent({.of = {everybody}, .since = second(99)}), "");
  const auto at = [&](int from, int until, Sees sees = {}) {
    return recent({.of = {everybody}, .from = second(from), .until = second(until), .sees = std::move(sees)});
  };
  EXPECT_EQ(at(0, 1), "");
  EXPECT_EQ(at(3, 4), "Observation/c/1 Observation/b/1 Observation/a/1");
  EXPECT_EQ(at(4, 6), "Observation/c/2 Observation/a/2 Observation/c/1 Observation/b/1");
  EXPECT_EQ(at(98, 99), "Observation/b/2 deleted Observation/c/2 Observation/a/2");
  // A version that is not seen ends nothing: for who sees only the others, the one before lasts until the one after.
  ASSERT_EQ(write(update("Observation", "a", {.patients = {"1"}})), "");
  const auto without_2 = [](const Version& one, const Version&) { return one.id == "a" && one.version != 2; };
  EXPECT_EQ(at(5, 6, without_2), "Observation/a/1");
}

TEST_F(Histories, files_of_the_first_schema_come_to_have_them) {
  fill();
  const std::string all = recent({.of = {everybody, {"Patient", true, {}}, {"Location", true, {}}}});
  const std::string of_one = recent({.of = {of_1, {"Patient", false, {"1"}}}});
  reader.reset();
  store.reset();
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open(folder.file().c_str(), &file), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(file, "DROP TABLE written; DROP TABLE full_text; PRAGMA user_version = 1;", nullptr, nullptr,
                         nullptr),
            SQLITE_OK);
  sqlite3_close(file);
  open();
  EXPECT_EQ(recent({.of = {everybody, {"Patient", true, {}}, {"Location", true, {}}}}), all);
  EXPECT_EQ(recent({.of = {of_1, {"Patient", false, {"1"}}}}), of_one);
  ASSERT_EQ(write(update("Observation", "a", {.patients = {"1"}})), "") << "and goes on from there";
  EXPECT_EQ(recent({.of = {of_1}, .count = 1}), "Observation/a/3");
  open();
  EXPECT_EQ(recent({.of = {of_1}, .count = 1}), "Observation/a/3");
}

}  // namespace
}  // namespace ward::store
