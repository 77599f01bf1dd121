// No statement looks through a table that grows.
#include "support.hpp"

#include "plan.hpp"
#include "sort_stream.hpp"

#include <sqlite3.h>

namespace ward::store {
namespace {

std::mutex traced_mutex;
std::set<std::string> traced;

int on_statement(unsigned, void*, void* statement, void*) {
  const std::lock_guard lock(traced_mutex);
  traced.insert(sqlite3_sql(static_cast<sqlite3_stmt*>(statement)));
  return 0;
}

int on_open(sqlite3* connection, const char**, const sqlite3_api_routines*) {
  return sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, on_statement, nullptr);
}

std::set<std::string> take_traced() {
  const std::lock_guard lock(traced_mutex);
  return std::exchange(traced, {});
}

class Plans : public testing::Test {
 protected:
  Plans() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(on_open)); }
  ~Plans() override { sqlite3_reset_auto_extension(); }

  /// What EXPLAIN QUERY PLAN says that it should not, or "".
  static std::string trouble(const std::filesystem::path& file, const std::string& sql) {
    sqlite3* connection = nullptr;
    sqlite3_stmt* statement = nullptr;
    sqlite3_open_v2(file.c_str(), &connection, SQLITE_OPEN_READONLY, nullptr);
    std::string found;
    if (sqlite3_prepare_v2(connection, ("EXPLAIN QUERY PLAN " + sql).c_str(), -1, &statement, nullptr) != SQLITE_OK)
      found = sqlite3_errmsg(connection);
    while (found.empty() && sqlite3_step(statement) == SQLITE_ROW) {
      const std::string line = reinterpret_cast<const char*>(sqlite3_column_text(statement, 3));
      // The names of types (t) and parameters (p) are some hundreds; a subquery with a limit is what was searched
      // inside it.
      const bool small = line.starts_with("SCAN t") || line.starts_with("SCAN p") || line.starts_with("SCAN (subquery");
      // FTS5 says "SCAN" also where it looks up a word (M) or a row (=); its configuration is a handful of rows.
      const bool in_words = line.find("VIRTUAL TABLE INDEX") != std::string::npos;
      const bool words = (in_words && line.find_first_of("M=", line.rfind(':')) != std::string::npos) ||
                         line == "SCAN main.full_text_config";
      if ((line.starts_with("SCAN") && !small && !words && line != "SCAN CONSTANT ROW" &&
           line != "SCAN sqlite_master") ||
          line.find("TEMP B-TREE") != std::string::npos)
        found = line;
    }
    sqlite3_finalize(statement);
    sqlite3_close_v2(connection);
    return found;
  }
  static bool explainable(const std::string& sql) {
    return sql.starts_with("SELECT") || sql.starts_with("UPDATE") || sql.starts_with("DELETE") ||
           sql.starts_with("INSERT");
  }
};

TEST_F(Plans, every_statement_of_every_kind_of_search_is_a_search) {
  const Folder folder;
  SimulatedClock clock{*parse_rfc3339("2026-11-24T05:30:00.000Z")};
  const auto store = *open_sqlite({.file = folder.file()}, clock);
  std::vector<Change> changes;
  for (int i = 0; i < 300; ++i)  // above the first limit of counting
    changes.push_back(create("Observation", fmt::format("o{}", i),
                             {.tokens = {{"token", "s", "x"}},
                              .strings = {{"string", "x", "X"}},
                              .dates = {{"date", 0, 10}},
                              .numbers = {{"number", 1, 2}},
                              .quantities = {{"quantity", "s", "kg", "kg", 1, 2}},
                              .references = {{"reference", "Patient", "1", ""}},
                              .uris = {{"uri", "http://a/b"}},
                              .patients = {"1"},
                              .narrative = "written words",
                              .content = "other words"}));
  ASSERT_TRUE(store->write_blocking(std::move(changes), permit()));
  ASSERT_TRUE(store->write_blocking(set_of(update("Observation", "o1"), remove("Observation", "o2")), permit()));
  ASSERT_TRUE(store->put({{"a", "b", "c"}, {"a", "d", std::nullopt}}));
  const auto reader = *store->reader();
  const auto version = reader->read_version("Observation", "o1", 1);
  ASSERT_TRUE(version && *version);
  ASSERT_TRUE(reader->missing({"Patient/1"}) && reader->dangling(9) && reader->related("a", "b", clock.wall()));
  History history{
      .of = {{"Observation", true, {}}, {"Patient", false, {"1"}}}, .since = 1, .from = 5, .until = 1 << 30};
  history.sees = [](const Version&, const Version&) { return true; };
  ASSERT_TRUE(reader->recent(history));
  history.of.front() = {"Observation", false, {"1"}}, history.from = {}, history.until = INT64_MAX;
  ASSERT_TRUE(reader->recent(history) && !reader->recent(history)->found.empty());
  ASSERT_TRUE(reader->get("a", "b") && reader->list("a", "", 5) && store->committed_intents({1}));
  for (const std::string& sql : take_traced())
    if (explainable(sql)) {
      EXPECT_EQ(trouble(folder.file(), sql), "") << sql;
    }

  struct Case {
    const char* param;
    Match match;
    std::vector<std::vector<Condition>> together = {};
  };
  const Case cases[] = {
      {"token", TokenIs{"s", "x"}},
      {"token", TokenIs{std::nullopt, "x"}},
      {"token", TokenIs{"s", std::nullopt}},
      {"string", StringIs{StringIs::prefix, "x"}},
      {"string", StringIs{StringIs::exact, "X"}},
      {"string", StringIs{StringIs::contains, "x"}},
      {"date", DateIs{Compare::eq, 0, 10}},
      {"date", DateIs{Compare::gt, 0, 5}},
      {"date", DateIs{Compare::ap, 0, 5}},
      {"number", NumberIs{Compare::eq, 1, 2}},
      {"number", NumberIs{Compare::ne, 4, 5}},
      {"quantity", QuantityIs{Compare::eq, 1, 2, "s", "kg"}},
      {"quantity", QuantityIs{Compare::eq, 1, 2, std::nullopt, ""}},
      {"reference", ReferenceIs{"Patient", "1", ""}},
      {"reference", ReferenceIs{"", "1", ""}},
      {"uri", UriIs{"http://a/b"}},
      {"uri", UriIs{"http://a/b", true, false}},
      {"uri", UriIs{"http://a/b/c", false, true}},
      {"_id", IdIs{"o5"}},
      {"_lastUpdated", UpdatedIs{Compare::ge, 0, 1}},
      {"_text", TextIs{{"written"}}},
      {"_content", TextIs{{"words"}}},
      {"number", NearIs{1, 1, 200}},
      {"composite",
       TokenIs{},
       {{Condition{.param = "token", .any_of = {TokenIs{"s", "x"}}},
         Condition{.param = "quantity", .any_of = {QuantityIs{Compare::ge, 1, 1, {}, "kg"}}}},
        {Condition{.param = "uri", .any_of = {UriIs{"http://a/b"}}}}}},
  };
  const Visible visibles[] = {
      {{.all = true}},
      {{.patients = {"1"}}},
      {{.patients = {"1", "2"}}, {.all = true, .also = {{.param = "token", .any_of = {TokenIs{"s", "x"}}}}}}};
  const std::vector<Sort> sorts[] = {
      {},          {{"date"}}, {{"date", true}}, {{"string"}}, {{"string", true}}, {{"_lastUpdated"}}, {{"_id", true}},
      {{"number"}}};
  std::size_t searched = 0;
  for (const Case& c : cases)
    for (const Visible& visible : visibles)
      for (const auto& sort : sorts)
        for (const int form : {0, 1, 2}) {
          Condition condition{.param = c.param, .any_of = {c.match}, .negate = form == 1};
          if (form == 2) condition = {.param = c.param, .missing = false};
          if (std::holds_alternative<TextIs>(c.match)) condition.negate = false;
          if (!c.together.empty()) condition = {.param = c.param, .negate = form == 1, .together = c.together};
          const Query query{.type = "Observation",
                            .all_of = {condition},
                            .visible = visible,
                            .sort = sort,
                            .count = 5,
                            .total = Total::accurate};
          const auto page = reader->search(query);
          ASSERT_TRUE(page) << page.error().text();
          searched += form == 1 ? 1 : page->found.size() > 0;
          for (const std::string& sql : take_traced())
            if (explainable(sql)) {
              EXPECT_EQ(trouble(folder.file(), sql), "") << c.param << ": " << sql;
            }
        }
  EXPECT_GT(searched, 1000u);
}

TEST_F(Plans, every_range_and_order_is_a_search_even_if_no_case_took_it) {
  const Folder folder;
  SimulatedClock clock{*parse_rfc3339("2026-11-24T05:30:00.000Z")};
  const auto store = *open_sqlite({.file = folder.file()}, clock);
  auto statements = range_statements();
  std::ranges::copy(sort_statements(), std::back_inserter(statements));
  EXPECT_GT(statements.size(), 30u);
  for (const Sql& sql : statements) EXPECT_EQ(trouble(folder.file(), sql.text()), "") << sql.text();
}

TEST_F(Plans, a_scan_would_be_seen) {
  const Folder folder;
  SimulatedClock clock{*parse_rfc3339("2026-11-24T05:30:00.000Z")};
  const auto store = *open_sqlite({.file = folder.file()}, clock);
  EXPECT_NE(trouble(folder.file(), "SELECT row FROM date WHERE low > 5"), "");
  EXPECT_NE(trouble(folder.file(), "SELECT row FROM token WHERE param = 1 ORDER BY row"), "");
}

TEST_F(Plans, start_from_the_smallest_set) {
  const Folder folder;
  SimulatedClock clock{*parse_rfc3339("2026-11-24T05:30:00.000Z")};
  const auto store = *open_sqlite({.file = folder.file()}, clock);
  for (int at = 0; at < 40'000; at += 5'000) {
    std::vector<Change> changes;
    for (int i = at; i < at + 5'000; ++i)
      changes.push_back(create("Observation", fmt::format("o{}", i),
                               {.tokens = {{"code", "s", i % 100 == 0 ? "rare" : "common"}, {"status", "", "final"}},
                                .patients = {fmt::format("p{}", i % 1000)}}));
    ASSERT_TRUE(store->write_blocking(std::move(changes), permit()));
  }
  Connection connection(folder.file(), Connection::Mode::read, 8 << 20, 1000);
  Names names(connection);
  const auto type = *names.type("Observation");
  const auto start = [&](Query query) {
    const Predicate predicate = compile(query, type, names, clock.wall());
    const Plan plan = choose_plan(predicate, type, names, connection);
    if (plan.nothing) return std::string("nothing");
    return fmt::format("{}{}", plan.dense ? "dense " : "", name(plan.ranges.front().kind));
  };
  const auto code = [](const char* c) { return Condition{.param = "code", .any_of = {TokenIs{"s", c}}}; };
  const Condition final_status{.param = "status", .any_of = {TokenIs{"", "final"}}};
  const Visible all = {{.all = true}}, one = {{.patients = {"p5"}}};
  EXPECT_EQ(start({.type = "Observation", .all_of = {final_status, code("rare")}, .visible = all}), "token");
  EXPECT_EQ(start({.type = "Observation", .all_of = {final_status, code("common")}, .visible = one}), "compartment");
  EXPECT_EQ(start({.type = "Observation", .all_of = {final_status, code("common")}, .visible = all}), "dense token");
  EXPECT_EQ(
      start(
          {.type = "Observation", .all_of = {code("rare"), {.param = "_id", .any_of = {IdIs{"o7"}}}}, .visible = all}),
      "id");
  EXPECT_EQ(start({.type = "Observation", .all_of = {code("unknown")}, .visible = all}), "token") << "an empty range";
  EXPECT_EQ(
      start({.type = "Observation", .all_of = {{.param = "code", .any_of = {TokenIs{"never", "x"}}}}, .visible = all}),
      "nothing");
  EXPECT_EQ(start({.type = "Observation", .visible = all}), "dense type");
  EXPECT_EQ(start({.type = "Observation", .visible = {{.patients = {"stranger"}}}}), "nothing");

  // The dense ways give the same as the others.
  const auto reader = *store->reader();
  Query query{.type = "Observation",
              .all_of = {code("common")},
              .visible = all,
              .sort = {{"status"}, {"_id", true}},
              .count = 3};
  EXPECT_EQ(reader->search(query)->found.front().id, "o9999");
  query.sort = {{"_id", true}};
  query.total = Total::accurate;
  const auto page = *reader->search(query);
  EXPECT_EQ(page.found.front().id, "o9999");
  if (page.total) {
    EXPECT_EQ(*page.total, 39'600u);
  }  // none on a slow machine
}

}  // namespace
}  // namespace ward::store
