// Conditions that look at more than one value: composites, places, words; and searches for ids alone.
#include "support.hpp"

#include "match.hpp"

namespace ward::store {
namespace {

class Values : public StoreTest {
 protected:
  Values() {
    const auto observation = [&](std::string id, std::vector<std::string> patients, IndexEntries index) {
      index.patients = std::move(patients);
      EXPECT_EQ(write(create("Observation", std::move(id), std::move(index))), "");
    };
    observation("pair", {"1"},
                {.tokens = {{"code", "l", "sys", 1}, {"code", "l", "dia", 2}, {"status", "", "final", 0}},
                 .quantities = {{"value", "u", "mm", "mm", 120, 120, 1}, {"value", "u", "mm", "mm", 80, 80, 2}},
                 .references = {{"subject", "Patient", "1", ""}},
                 .narrative = "Blood pressure of Müller",
                 .content = "e-mail sent to the clinic"});
    observation("crossed", {"1"},
                {.tokens = {{"code", "l", "sys", 1}, {"code", "l", "dia", 2}},
                 .quantities = {{"value", "u", "mm", "mm", 80, 80, 1}, {"value", "u", "mm", "mm", 120, 120, 2}},
                 .references = {{"subject", "Patient", "1", ""}, {"subject", "Group", "9", ""}}});
    observation("shared", {"1", "2"},
                {.references = {{"subject", "Patient", "2", ""}}, .content = "something about the other one"});
    EXPECT_EQ(write(create("Location", "vienna",
                           {.numbers = {{"near", 48.2082, 48.2082}, {"near:longitude", 16.3738, 16.3738}},
                            .content = "clinic"})),
              "");
    EXPECT_EQ(write(create("Location", "graz",
                           {.numbers = {{"near", 47.0707, 47.0707}, {"near:longitude", 15.4395, 15.4395}}})),
              "");
  }
  std::string found(Condition condition, Visible visible = {{.all = true}}, std::string type = "Observation") {
    Query query{.type = std::move(type), .visible = std::move(visible)};
    query.all_of.push_back(std::move(condition));
    return ids(query);
  }
};

Condition is(std::string param, Match match) { return {.param = std::move(param), .any_of = {std::move(match)}}; }
Condition pair(std::string code, double value) {
  Condition out{.param = "code-value"};
  out.together.push_back({is("code", TokenIs{std::nullopt, std::move(code)}),
                          is("value", QuantityIs{Compare::eq, value - 0.5, value + 0.5, std::nullopt, ""})});
  return out;
}
Condition words(std::string param, std::vector<std::string> all) {
  return is(std::move(param), TextIs{std::move(all)});
}

TEST_F(Values, parts_of_a_composite_are_of_one_element) {
  EXPECT_EQ(found(pair("sys", 120)), "pair");
  EXPECT_EQ(found(pair("sys", 80)), "crossed");
  EXPECT_EQ(found(pair("sys", 121)), "");
  EXPECT_EQ(found(pair("never", 120)), "");
  Condition either = pair("sys", 120);
  either.together.push_back(pair("dia", 120).together.front());
  EXPECT_EQ(found(either), "pair crossed");
  either.negate = true;
  EXPECT_EQ(found(either), "shared");
}

TEST_F(Values, a_part_may_be_of_any_element) {
  Condition condition{.param = "status-code"};
  condition.together.push_back(
      {is("status", TokenIs{std::nullopt, "final"}), is("code", TokenIs{std::nullopt, "sys"})});
  EXPECT_EQ(found(condition), "") << "one is of the resource, one of an element";
  condition.together.front().front().anywhere = true;
  EXPECT_EQ(found(condition), "pair");
}

TEST_F(Values, lists_of_one_are_alternatives_by_several_parameters) {
  Condition condition{.param = "compartment"};
  condition.together.push_back({is("performer", ReferenceIs{"Group", "9", ""})});
  condition.together.push_back({is("subject", ReferenceIs{"Group", "9", ""})});
  EXPECT_EQ(found(condition), "crossed");
}

TEST_F(Values, a_place_is_near_within_a_distance) {
  const auto near = [&](double km) { return found(is("near", NearIs{48.2, 16.37, km}), {{.all = true}}, "Location"); };
  EXPECT_EQ(near(0.5), "");
  EXPECT_EQ(near(2), "vienna");
  EXPECT_EQ(near(140), "vienna") << "Graz is some 145 km away";
  EXPECT_EQ(near(150), "vienna graz");
  EXPECT_NEAR(distance_km(48.2082, 16.3738, 47.0707, 15.4395), 145, 2);
  EXPECT_NEAR(distance_km(0, 179.9, 0, -179.9), 22.2, 0.1) << "across the date line";
}

TEST_F(Values, a_quantity_may_be_open_to_one_side) {
  ASSERT_EQ(write(create("Observation", "below", {.quantities = {{"value", "u", "mm", "mm", -INFINITY, 5}}}),
                  create("Observation", "above", {.quantities = {{"value", "u", "mm", "mm", 500, INFINITY}}})),
            "");
  const auto compared = [&](Compare how, double to) {
    return found(is("value", QuantityIs{how, to, to, std::nullopt, "mm"}));
  };
  EXPECT_EQ(compared(Compare::lt, 5), "below");
  EXPECT_EQ(compared(Compare::gt, 200), "above");
  EXPECT_EQ(compared(Compare::eq, 5), "");
}

TEST_F(Values, words_are_found_in_narrative_and_content) {
  EXPECT_EQ(found(words("_text", {"muller"})), "pair") << "folded";
  EXPECT_EQ(found(words("_text", {"blood", "pressure"})), "pair");
  EXPECT_EQ(found(words("_text", {"blood", "clinic"})), "") << "that is not in the narrative";
  EXPECT_EQ(found(words("_content", {"blood", "clinic"})), "pair");
  EXPECT_EQ(found(words("_content", {"e-mail"})), "pair") << "a phrase";
  EXPECT_EQ(found(words("_content", {"mail-e"})), "");
  EXPECT_EQ(found(words("_content", {"clinic"}), {{.all = true}}, "Location"), "vienna") << "of one type alone";
  for (const char* hostile : {"\"", "\" OR kind : t1 \"", "NOT", "kind:t1", "*", "clinic*", "NEAR(a b)", ") OR ("})
    EXPECT_NE(found(words("_content", {hostile, "nowhere"})), "store_failed") << hostile;
  EXPECT_EQ(found(words("_content", {"NOT", "clinic"})), "") << "operators are words";
}

TEST_F(Values, words_of_a_shared_resource_are_found_by_those_who_see_all_its_patients) {
  const Condition about = words("_content", {"something"});
  EXPECT_EQ(found(about), "shared");
  EXPECT_EQ(found(about, {{.patients = {"1", "2"}}}), "shared");
  EXPECT_EQ(found(about, {{.patients = {"1"}}}), "");
  EXPECT_EQ(found(words("_content", {"clinic"}), {{.patients = {"2"}}}), "");
}

TEST_F(Values, words_follow_each_change) {
  ASSERT_EQ(write(update("Observation", "pair", {.content = "rewritten"})), "");
  EXPECT_EQ(found(words("_content", {"clinic"})), "");
  EXPECT_EQ(found(words("_text", {"blood"})), "");
  EXPECT_EQ(found(words("_content", {"rewritten"})), "pair");
  ASSERT_EQ(write(remove("Observation", "pair")), "");
  EXPECT_EQ(found(words("_content", {"rewritten"})), "");
  ASSERT_EQ(write(create("Observation", "pair", {.content = "again"})), "");
  EXPECT_EQ(found(words("_content", {"again"})), "pair");
  Query total{.type = "Observation", .visible = {{.all = true}}, .count = 0, .total = Total::accurate};
  total.all_of.push_back(words("_content", {"again"}));
  EXPECT_EQ(reader->search(total)->total, 1u);
}

TEST_F(Values, a_search_for_ids_gives_ids_and_what_they_refer_to) {
  Query query{.type = "Observation", .visible = {{.patients = {"1"}}}};
  query.ids_only = true;
  query.referred_by = "subject";
  query.referred_type = "Patient";
  auto page = *reader->search(query);
  ASSERT_EQ(page.found.size(), 3u);
  EXPECT_EQ(page.found.front().id, "pair");
  EXPECT_EQ(page.found.front().patients, std::vector<std::string>{"1"});
  EXPECT_TRUE(page.found.front().body.inside().view().empty());
  EXPECT_EQ(page.referred, (std::vector<std::string>{"1", "2"}));
  query.count = 1;
  page = *reader->search(query);
  EXPECT_EQ(page.referred, std::vector<std::string>{"1"}) << "of this page alone";
  query.after = page.next;
  EXPECT_EQ(reader->search(query)->found.front().id, "crossed");
  query.sort = {{"_id"}};
  EXPECT_EQ(reader->search(query).error().code(), "invalid_query");
}

TEST_F(Values, many_ids_and_references_are_looked_up) {
  Condition some{.param = "_id"}, refer{.param = "subject"};
  for (int i = 0; i < 5'000; ++i) {
    some.any_of.emplace_back(IdIs{fmt::format("no{}", i)});
    refer.any_of.emplace_back(ReferenceIs{"Patient", fmt::format("no{}", i), ""});
  }
  EXPECT_EQ(found(some), "");
  EXPECT_EQ(found(refer), "");
  some.any_of.emplace_back(IdIs{"crossed"});
  refer.any_of.emplace_back(ReferenceIs{"Patient", "2", ""});
  EXPECT_EQ(found(some), "crossed");
  EXPECT_EQ(found(refer), "shared");
  some.negate = true;
  EXPECT_EQ(found(some), "pair shared");
}

}  // namespace
}  // namespace ward::store
