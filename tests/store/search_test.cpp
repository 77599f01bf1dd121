#include "support.hpp"

#include "match.hpp"

namespace ward::store {
namespace {

constexpr std::int64_t day = 24LL * 3600 * 1000;

class Find : public StoreTest {
 protected:
  Find() {
    const auto observation = [&](std::string id, std::string patient, IndexEntries index) {
      index.patients = {patient};
      index.references.push_back({"subject", "Patient", patient, ""});
      clock.advance(std::chrono::seconds(1));
      EXPECT_EQ(write(create("Observation", std::move(id), std::move(index))), "");
    };
    observation("a", "1", {.tokens = {{"code", "loinc", "8480-6"}, {"status", "", "final"}},
                           .strings = {{"note", "muller", "Müller"}},
                           .dates = {{"date", 10 * day, 11 * day}},
                           .numbers = {{"score", 99.5, 100.5}},
                           .quantities = {{"value", "ucum", "mm[Hg]", "mmHg", 119.5, 120.5}},
                           .uris = {{"profile", "http://a.org/fhir/x"}}});
    observation("b", "1", {.tokens = {{"code", "snomed", "8480-6"}},
                           .strings = {{"note", "muller-smith", "Muller-Smith"}},
                           .dates = {{"date", 0, 400 * day}},
                           .numbers = {{"score", 5.35, 5.45}},
                           .quantities = {{"value", "ucum", "kg", "kg", 79.5, 80.5}},
                           .uris = {{"profile", "http://a.org/fhir"}}});
    observation("c", "2", {.tokens = {{"code", "", "8480-6"}, {"code", "loinc", "other"}},
                           .strings = {{"note", "anna muller", "Anna Muller"}},
                           .dates = {{"date", 12 * day, INT64_MAX}},
                           .references = {{"device", "", "", "http://far/Device/1"}, {"focus", "Group", "1", ""}},
                           .uris = {{"profile", "http://a.org/fhirish"}}});
    observation("d", "3", {});
  }
  Query query(Condition condition, Visible visible = {{.all = true}}) {
    Query out{.type = "Observation", .visible = std::move(visible)};
    out.all_of.push_back(std::move(condition));
    return out;
  }
};

template <class... Matches>
Condition where(std::string param, Matches... matches) {
  return {.param = std::move(param), .any_of = {Match(matches)...}};
}
Condition no(Condition condition) {
  condition.negate = true;
  return condition;
}
Condition lacks(std::string param, bool missing = true) { return {.param = std::move(param), .missing = missing}; }

TEST_F(Find, every_kind_of_condition) {
  const auto date = [](Compare how, std::int64_t from, std::int64_t to) { return where("date", DateIs{how, from, to}); };
  const auto number = [](Compare how, double low, double high) { return where("score", NumberIs{how, low, high}); };
  const auto amount = [](Compare how, double low, double high, std::optional<std::string> system, std::string code) {
    return where("value", QuantityIs{how, low, high, system, code});
  };
  struct Case {
    const char* name;
    Condition condition;
    const char* found;
  };
  using enum Compare;
  const Case cases[] = {
      {"token: system and code", where("code", TokenIs{"loinc", "8480-6"}), "a"},
      {"token: any system", where("code", TokenIs{std::nullopt, "8480-6"}), "a b c"},
      {"token: no system", where("code", TokenIs{"", "8480-6"}), "c"},
      {"token: a system", where("code", TokenIs{"loinc", std::nullopt}), "a c"},
      {"token: unknown system", where("code", TokenIs{"nowhere", "8480-6"}), ""},
      {"token: unknown code", where("code", TokenIs{"loinc", "8480-7"}), ""},
      {"token: case counts", where("status", TokenIs{std::nullopt, "Final"}), ""},
      {"token: or", where("code", TokenIs{"loinc", "other"}, TokenIs{"snomed", "8480-6"}), "b c"},
      {"token: or of unknown", where("code", TokenIs{"loinc", "other"}, TokenIs{"nowhere", "x"}), "c"},
      {"token: not", no(where("code", TokenIs{"loinc", "8480-6"})), "b c d"},
      {"token: not, with values beside", no(where("code", TokenIs{"loinc", "other"})), "a b d"},
      {"token: not any of", no(where("code", TokenIs{"loinc", "8480-6"}, TokenIs{"snomed", "8480-6"})), "c d"},
      {"token: not of unknown", no(where("code", TokenIs{"nowhere", "x"})), "a b c d"},
      {"unknown parameter", where("nothing", TokenIs{"loinc", "x"}), ""},
      {"not of an unknown parameter", no(where("nothing", TokenIs{"loinc", "x"})), "a b c d"},
      {"missing", lacks("status"), "b c d"},
      {"not missing", lacks("status", false), "a"},
      {"missing of an unknown parameter", lacks("nothing"), "a b c d"},
      {"not missing of an unknown parameter", lacks("nothing", false), ""},
      {"missing reference", lacks("focus", false), "c"},
      {"missing quantity", lacks("value"), "c d"},
      {"missing id", lacks("_id"), ""},
      {"string: prefix", where("note", StringIs{StringIs::prefix, "muller"}), "a b"},
      {"string: prefix is not the whole", where("note", StringIs{StringIs::prefix, "muller-"}), "b"},
      {"string: contains", where("note", StringIs{StringIs::contains, "muller"}), "a b c"},
      {"string: exact", where("note", StringIs{StringIs::exact, "Müller"}), "a"},
      {"string: exact, other case", where("note", StringIs{StringIs::exact, "müller"}), ""},
      {"string: exact is not a prefix", where("note", StringIs{StringIs::exact, "Muller"}), ""},
      {"string: exact, whole", where("note", StringIs{StringIs::exact, "Muller-Smith"}), "b"},
      {"date: eq holds the value", date(eq, 10 * day, 11 * day), "a"},
      {"date: eq of a month", date(eq, 0, 31 * day), "a"},
      {"date: eq of two years", date(eq, 0, 730 * day), "a b"},
      {"date: eq of half a day does not", date(eq, 10 * day, 10 * day + day / 2), ""},
      {"date: ne", date(ne, 10 * day, 11 * day), "b c"},
      {"date: gt same day", date(gt, 10 * day, 11 * day), "b c"},
      {"date: gt day before", date(gt, 9 * day, 10 * day), "a b c"},
      {"date: gt late finds what is open", date(gt, 5000 * day, 5001 * day), "c"},
      {"date: ge same day", date(ge, 10 * day, 11 * day), "a b c"},
      {"date: lt same day", date(lt, 10 * day, 11 * day), "b"},
      {"date: lt day after", date(lt, 11 * day, 12 * day), "a b"},
      {"date: le same day", date(le, 10 * day, 11 * day), "a b"},
      {"date: sa", date(sa, 9 * day, 10 * day), "a c"},
      {"date: sa same day", date(sa, 10 * day, 11 * day), "c"},
      {"date: eb", date(eb, 11 * day, 12 * day), "a"},
      {"date: eb same day", date(eb, 10 * day, 11 * day), ""},
      {"date: ap", date(ap, 20 * day, 21 * day), "a b c"},
      {"date: not", no(date(eq, 10 * day, 11 * day)), "b c d"},
      {"number: eq by precision", number(eq, 99.5, 100.5), "a"},
      {"number: eq more precise", number(eq, 99.995, 100.005), "a"},
      {"number: eq other", number(eq, 100.5, 101.5), ""},
      {"number: eq 5.40 finds 5.4", number(eq, 5.395, 5.405), "b"},
      {"number: ne", number(ne, 99.5, 100.5), "b"},
      {"number: gt itself", number(gt, 99.5, 100.5), ""},
      {"number: gt, exact point", number(gt, 100, 100), ""},
      {"number: gt below", number(gt, 99.85, 99.95), "a"},
      {"number: ge itself", number(ge, 5.395, 5.405), "a b"},
      {"number: lt itself", number(lt, 5.35, 5.45), ""},
      {"number: le itself", number(le, 5.35, 5.45), "b"},
      {"number: ap", number(ap, 108.5, 109.5), "a"},
      {"number: ap too far", number(ap, 119.5, 120.5), ""},
      {"number: sa", number(sa, 4.5, 5.4), "a b"},
      {"number: eb", number(eb, 6.5, 7.5), "b"},
      {"quantity: code", amount(eq, 119.5, 120.5, "ucum", "mm[Hg]"), "a"},
      {"quantity: unit without a system", amount(eq, 119.5, 120.5, std::nullopt, "mmHg"), "a"},
      {"quantity: unit is no code of a system", amount(eq, 119.5, 120.5, "ucum", "mmHg"), ""},
      {"quantity: other unit", amount(eq, 119.5, 120.5, "ucum", "kg"), ""},
      {"quantity: any unit", amount(gt, 70, 70, std::nullopt, ""), "a b"},
      {"quantity: gt with unit", amount(gt, 70, 70, "ucum", "kg"), "b"},
      {"reference: local", where("subject", ReferenceIs{"Patient", "1", ""}), "a b"},
      {"reference: any type", where("subject", ReferenceIs{"", "2", ""}), "c"},
      {"reference: other type", where("subject", ReferenceIs{"Group", "1", ""}), ""},
      {"reference: other parameter", where("focus", ReferenceIs{"Group", "1", ""}), "c"},
      {"reference: url", where("device", ReferenceIs{"", "", "http://far/Device/1"}), "c"},
      {"reference: unknown", where("subject", ReferenceIs{"Patient", "77", ""}), ""},
      {"reference: not", no(where("subject", ReferenceIs{"Patient", "1", ""})), "c d"},
      {"uri: equal", where("profile", UriIs{"http://a.org/fhir"}), "b"},
      {"uri: below", where("profile", UriIs{"http://a.org/fhir", true, false}), "a b"},
      {"uri: below with a slash", where("profile", UriIs{"http://a.org/fhir/", true, false}), "a"},
      {"uri: above", where("profile", UriIs{"http://a.org/fhir/x/y", false, true}), "a b"},
      {"id", where("_id", IdIs{"b"}), "b"},
      {"id: several", where("_id", IdIs{"b"}, IdIs{"d"}, IdIs{"zz"}), "b d"},
      {"id: not", no(where("_id", IdIs{"b"})), "a c d"},
  };
  const Visible everyone = {{.all = true}};
  const Visible panel = {{.all = false, .patients = {"1", "2", "3", "absent"}}};
  const Visible two = {{.all = false, .patients = {"1"}}, {.all = false, .patients = {"2", "3"}}};
  for (const Case& c : cases) {
    EXPECT_EQ(ids(query(c.condition, everyone)), c.found) << c.name;
    EXPECT_EQ(ids(query(c.condition, panel)), c.found) << c.name << ", for a panel";
    EXPECT_EQ(ids(query(c.condition, two)), c.found) << c.name << ", for two branches";
    EXPECT_EQ(ids(query(c.condition, {})), "") << c.name << ", for nobody";
    Query total = query(c.condition);
    total.total = Total::accurate;
    total.count = 0;
    const auto page = reader->search(total);
    ASSERT_TRUE(page) << c.name;
    EXPECT_EQ(page->total, std::uint64_t((std::string_view(c.found).size() + 1) / 2)) << c.name;
  }
}

TEST_F(Find, last_updated) {
  const auto start = parse_rfc3339("2026-11-24T05:30:00Z")->time_since_epoch().count();
  const auto updated = [&](Compare how, int from, int to) {
    return ids(query(where("_lastUpdated", UpdatedIs{how, start + from * 1000, start + to * 1000})));
  };
  EXPECT_EQ(updated(Compare::eq, 2, 3), "b");
  EXPECT_EQ(updated(Compare::ne, 2, 3), "a c d");
  EXPECT_EQ(updated(Compare::gt, 2, 3), "c d");
  EXPECT_EQ(updated(Compare::ge, 2, 3), "b c d");
  EXPECT_EQ(updated(Compare::lt, 2, 3), "a");
  EXPECT_EQ(updated(Compare::le, 2, 3), "a b");
  EXPECT_EQ(updated(Compare::sa, 2, 3), "c d");
  EXPECT_EQ(updated(Compare::eb, 2, 3), "a");
}

TEST_F(Find, what_is_visible_is_a_branch_and_its_constraints) {
  struct Case {
    const char* name;
    Visible visible;
    const char* found;
  };
  const Condition loinc = where("code", TokenIs{"loinc", std::nullopt});
  const Case cases[] = {
      {"nobody", {}, ""},
      {"a branch without patients", {{.all = false}}, ""},
      {"one patient", {{.patients = {"1"}}}, "a b"},
      {"a stranger", {{.patients = {"99"}}}, ""},
      {"one patient with a constraint", {{.patients = {"1"}, .also = {loinc}}}, "a"},
      {"all with a constraint", {{.all = true, .also = {loinc}}}, "a c"},
      {"two branches", {{.patients = {"3"}}, {.all = true, .also = {where("code", TokenIs{"snomed", "8480-6"})}}}, "b d"},
      {"a constraint that is negated", {{.patients = {"1", "3"}, .also = {no(loinc)}}}, "b d"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ids({.type = "Observation", .visible = c.visible}), c.found) << c.name;
    Query total{.type = "Observation", .visible = c.visible, .count = 1, .total = Total::accurate};
    EXPECT_EQ(reader->search(total)->total, std::uint64_t((std::string_view(c.found).size() + 1) / 2)) << c.name;
  }
}

TEST_F(Find, several_conditions_are_all_needed) {
  Query both = query(where("code", TokenIs{std::nullopt, "8480-6"}));
  both.all_of.push_back(where("subject", ReferenceIs{"Patient", "1", ""}));
  both.all_of.push_back(where("date", DateIs{Compare::eq, 0, 31 * day}));
  EXPECT_EQ(ids(both), "a");
}

TEST_F(Find, other_types_and_removed_ones_are_not_found) {
  EXPECT_EQ(ids({.type = "Patient", .visible = {{.all = true}}}), "") << "named as subjects only";
  EXPECT_EQ(ids({.type = "Unknown", .visible = {{.all = true}}}), "");
  ASSERT_EQ(write(remove("Observation", "a")), "");
  EXPECT_EQ(ids({.type = "Observation", .visible = {{.all = true}}}), "b c d");
  EXPECT_EQ(ids({.type = "Observation", .visible = {{.patients = {"1"}}}}), "b");
}

TEST_F(Find, sorts_with_missing_values_last) {
  const auto sorted = [&](std::vector<Sort> sort) {
    Query all{.type = "Observation", .visible = {{.all = true}}, .sort = sort};
    const std::string whole = ids(all);
    all.visible = {{.patients = {"1", "2", "3"}}};
    EXPECT_EQ(ids(all), whole) << "collected or by index";
    std::string paged;
    all.count = 1;
    do {
      const auto page = *reader->search(all);
      for (const auto& found : page.found) paged += (paged.empty() ? "" : " ") + found.id;
      all.after = page.next;
    } while (!all.after.empty());
    EXPECT_EQ(paged, whole) << "paged by one";
    return whole;
  };
  EXPECT_EQ(sorted({{"date", false}}), "b a c d");
  EXPECT_EQ(sorted({{"date", true}}), "c a b d");
  EXPECT_EQ(sorted({{"note", false}}), "c a b d");
  EXPECT_EQ(sorted({{"note", true}}), "b a c d");
  EXPECT_EQ(sorted({{"score", false}}), "b a c d");
  EXPECT_EQ(sorted({{"score", true}, {"_id", true}}), "a b d c");
  EXPECT_EQ(sorted({{"code", false}, {"_lastUpdated", true}}), "c b a d");
  EXPECT_EQ(sorted({{"_id", true}}), "d c b a");
  EXPECT_EQ(sorted({{"_lastUpdated", false}}), "a b c d");
  EXPECT_EQ(sorted({{"_lastUpdated", true}}), "d c b a");
  EXPECT_EQ(sorted({{"subject", false}, {"_id", true}}), "b a c d");
  EXPECT_EQ(sorted({{"unknown", false}}), "a b c d");
  EXPECT_EQ(ids({.type = "Observation", .visible = {{.all = true}}, .sort = {{"a"}, {"b"}, {"c"}, {"d"}}}), "invalid_query");
}

TEST_F(Find, a_forged_place_is_refused) {
  for (const char* after : {"x", "####", "AAAA", "AAAAAAAAAAEA"})
    EXPECT_EQ(ids({.type = "Observation", .visible = {{.all = true}}, .sort = {{"date"}, {"note"}}, .after = after}), "invalid_query") << after;
}

class Large : public StoreTest {};

// All of a type are read in the order of an index; a panel's are collected and sorted.
TEST_F(Large, pages_neither_repeat_nor_lose_while_others_write) {
  constexpr int before = 3000;
  for (int at = 0; at < before; at += 500) {
    std::vector<Change> changes;
    for (int i = at; i < at + 500; ++i)
      changes.push_back(create("Observation", fmt::format("o{}", i),
                               {.tokens = {{"code", "s", i % 2 ? "odd" : "even"}},
                                .strings = {{"note", std::string(70, 'x') + std::to_string(i % 10), "X"}},
                                .dates = {{"date", (i * 7919 % 1000) * day, (i * 7919 % 1000 + 1) * day},
                                          {"date", (i % 3) * 1000 * day, (i % 3) * 1000 * day + 50 * day}},
                                .patients = {fmt::format("p{}", i % 5)}}));
    ASSERT_TRUE(store->write_blocking(std::move(changes), permit()));
  }
  const Visible visibles[] = {{{.all = true}}, {{.patients = {"p0", "p1", "p2", "p3", "p4"}}}};
  const std::vector<Sort> sorts[] = {{}, {{"date", false}}, {{"date", true}}, {{"note", false}, {"date", true}},
                                     {{"_lastUpdated", true}}, {{"_id", false}}, {{"code", true}}};
  int fresh = 0;
  for (const Visible& visible : visibles)
    for (const auto& sort : sorts)
      for (const bool filtered : {false, true}) {
        Query query{.type = "Observation", .visible = visible, .sort = sort, .count = 97};
        if (filtered) query.all_of.push_back(where("code", TokenIs{"s", "odd"}));
        std::map<std::string, int> seen;
        int pages = 0;
        do {
          const auto page = reader->search(query);
          ASSERT_TRUE(page) << page.error().text();
          for (const Version& found : page->found) ++seen[found.id];
          query.after = page->next;
          if (++pages % 9 == 0) {
            ASSERT_EQ(write(create("Observation", fmt::format("n{}", ++fresh),
                                   {.tokens = {{"code", "s", "odd"}}, .dates = {{"date", 500 * day, 501 * day}}, .patients = {"p1"}})), "");
          }
        } while (!query.after.empty());
        int old = 0;
        for (const auto& [id, times] : seen) {
          EXPECT_EQ(times, 1) << id;
          old += id.starts_with("o");
        }
        EXPECT_EQ(old, filtered ? before / 2 : before) << (sort.empty() ? "by row" : sort.front().param);
      }
}

}  // namespace
}  // namespace ward::store
