#include "derive_again.hpp"

#include "base/clock.hpp"
#include "support.hpp"

namespace ward::store {
namespace {

using Ids = std::vector<std::string>;

Change acting(const std::string& id, const std::string& kind, std::size_t padding = 0) {
  Change change = create("RelatedPerson", id);
  change.body =
      Buffer(fmt::format(R"({{"resourceType":"RelatedPerson","id":"{}","x":"{}"}})", id, std::string(padding, 'x')));
  change.relationships = {{.person = "RelatedPerson/" + id, .patient = "1", .kind = kind}};
  return change;
}

TEST(DeriveAgain, happens_once_for_each_change_of_the_rules) {
  const Folder folder;
  SystemClock clock;
  const Options options{.file = folder.file()};
  const auto related = [&](std::string_view person, std::string_view kind) {
    const auto store = *open_sqlite(options, clock);
    const auto reader = *store->reader();
    return *reader->related(person, kind, clock.wall());
  };
  {
    const auto store = *open_sqlite(options, clock);
    Change team = create("CareTeam", "4");
    team.relationships = {{.person = "Practitioner/3", .patient = "1", .kind = "care-team"}};
    ASSERT_TRUE(store->write_blocking(
        set_of(acting("5", "delegate"), acting("6", "delegate", 100'000), acting("7", "delegate"), std::move(team)),
        permit()));
    ASSERT_TRUE(store->write_blocking(set_of(remove("RelatedPerson", "7")), permit(2)));
  }
  Ids seen;
  const Derive derive = [&](std::string_view body) -> std::vector<Relationship> {
    const std::string id(body.substr(body.find(R"("id":")") + 6, 1));
    seen.push_back(id);
    if (id == "6") return {};
    return {{.person = "RelatedPerson/" + id, .patient = "1", .kind = "parent"}};
  };
  {
    const auto store = *open_sqlite(options, clock);  // as at a start: the store's own writer is there
    EXPECT_EQ(derive_again(options, "RelatedPerson", 1, derive), 2u);
  }
  EXPECT_EQ(seen, (Ids{"5", "6"}));
  EXPECT_EQ(related("RelatedPerson/5", "parent"), Ids{"1"});
  for (const char* person : {"RelatedPerson/5", "RelatedPerson/6", "RelatedPerson/7"})
    EXPECT_EQ(related(person, "delegate"), Ids{}) << person;
  EXPECT_EQ(related("RelatedPerson/6", "parent"), Ids{});
  EXPECT_EQ(related("Practitioner/3", "care-team"), Ids{"1"});

  for (const std::int64_t rules : {1, 0}) EXPECT_EQ(derive_again(options, "RelatedPerson", rules, derive), 0u);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(derive_again(options, "RelatedPerson", 2, derive), 2u);
}

TEST(DeriveAgain, a_new_file_has_nothing_to_go_through) {
  const Folder folder;
  SystemClock clock;
  const Options options{.file = folder.file()};
  const auto store = *open_sqlite(options, clock);
  const Derive never = [](std::string_view) -> std::vector<Relationship> {
    ADD_FAILURE();
    return {};
  };
  EXPECT_EQ(derive_again(options, "RelatedPerson", 1, never), 0u);
  EXPECT_TRUE(store->write_blocking(set_of(acting("5", "parent")), permit()));
  EXPECT_EQ(derive_again(options, "RelatedPerson", 1, never), 0u);
}

TEST(IndexAgain, what_is_searched_by_is_made_anew_once) {
  const Folder folder;
  SystemClock clock;
  const Options options{.file = folder.file()};
  const auto find = [&](const std::string& code) {
    const auto store = *open_sqlite(options, clock);
    const auto reader = *store->reader();
    Query query{.type = "Observation", .visible = {{.patients = {"1"}}}};
    query.all_of.push_back({.param = "code", .any_of = {TokenIs{std::nullopt, code}}});
    const auto page = reader->search(query);
    return page ? page->found.size() : 99;
  };
  {
    const auto store = *open_sqlite(options, clock);
    for (int i = 0; i < 1'200; ++i)
      ASSERT_TRUE(store->write_blocking(
          set_of(create("Observation", fmt::format("o{}", i), {.tokens = {{"code", "", "old"}}, .patients = {"1"}})),
          permit(std::uint64_t(i) + 1)));
    ASSERT_TRUE(store->write_blocking(set_of(remove("Observation", "o0")), permit(9'999)));
  }
  std::size_t asked = 0;
  const IndexOf index_of = [&](std::string_view type, std::string_view id, std::string_view) {
    EXPECT_EQ(type, "Observation");
    ++asked;
    std::optional<IndexEntries> index;
    if (id != "o7") index = IndexEntries{.tokens = {{"code", "", "new"}}, .patients = {"stranger"}, .content = "words"};
    return index;
  };
  {
    const auto store = *open_sqlite(options, clock);
    EXPECT_EQ(index_again(options, 2, index_of), 1'199u);
  }
  EXPECT_EQ(asked, 1'199u);
  EXPECT_EQ(find("old"), 1u) << "what gave nothing keeps what it had";
  EXPECT_EQ(find("new"), 50u) << "and stays with the patient that it was written for";
  for (const std::int64_t rules : {2, 1}) EXPECT_EQ(index_again(options, rules, index_of), 0u);
}

}  // namespace
}  // namespace ward::store
