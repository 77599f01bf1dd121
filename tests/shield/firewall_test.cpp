#include "firewall.hpp"

#include "data_files.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <iostream>

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
constexpr Place places[] = {{Where::path, ""}, {Where::query, "name"}, {Where::header, "x-note"}, {Where::header, "user-agent"}, {Where::body, "Organization.alias"}};

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
  EXPECT_TRUE(firewall().scan({&value, 1}, {.clinical_threshold = 10}).blocked) << "above the route's clinical_threshold";
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
    const Where where = row.at(0) == "path" ? Where::path : row[0] == "query" ? Where::query : row[0] == "header" ? Where::header : Where::body;
    const FreeValue value{where, row.at(1), row.at(2)};
    const Verdict verdict = firewall().scan({&value, 1}, {});
    EXPECT_FALSE(verdict.blocked) << row[0] << " " << row[1] << " " << row[2] << ": " << testing::PrintToString(verdict.explain());
  }
}

}  // namespace
}  // namespace ward::shield
