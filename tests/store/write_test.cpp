#include "support.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

namespace ward::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Write : public StoreTest {};

TEST_F(Write, a_created_resource_reads_back_with_its_meta) {
  const auto done = store->write_blocking(set_of(create("Patient", "1")), permit());
  ASSERT_TRUE(done);
  EXPECT_EQ(done->front().version, 1u);
  const auto found = reader->read("Patient", "1");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->body.inside().view(),
            R"({"resourceType":"Patient","id":"1","meta":{"versionId":"1","lastUpdated":"2026-11-24T05:30:00.000Z"}})");
  EXPECT_EQ((*found)->updated, done->front().updated);
  EXPECT_FALSE((*found)->deleted);
}

TEST_F(Write, expected_versions_hold_or_conflict) {
  ASSERT_EQ(write(create("Patient", "live")), "");
  ASSERT_EQ(write(create("Patient", "gone")), "");
  ASSERT_EQ(write(remove("Patient", "gone")), "");  // its version is 2
  struct Case {
    const char* name;
    Change change;
    const char* code;
  };
  Case cases[] = {
      {"create of a live one", create("Patient", "live"), "version_conflict"},
      {"update that expects none", update("Patient", "live", {}, 0), "version_conflict"},
      {"update that expects another", update("Patient", "live", {}, 7), "version_conflict"},
      {"update that expects it", update("Patient", "live", {}, 1), ""},
      {"update that expects the one before", update("Patient", "live", {}, 1), "version_conflict"},
      {"update without expectation", update("Patient", "live"), ""},
      {"update of an absent one that expects one", update("Patient", "new", {}, 1), "version_conflict"},
      {"update of an absent one that expects none", update("Patient", "new", {}, 0), ""},
      {"update of an absent one", update("Patient", "newer"), ""},
      {"update of a deleted one that expects none", update("Patient", "gone", {}, 0), ""},
      {"remove that expects another", remove("Patient", "live", 1), "version_conflict"},
      {"remove", remove("Patient", "live", 3), ""},
      {"remove of a removed one", remove("Patient", "live"), "not_found"},
      {"remove of an absent one", remove("Patient", "never"), "not_found"},
      {"create again after removal", create("Patient", "live"), ""},
  };
  for (Case& c : cases) EXPECT_EQ(write(std::move(c.change)), c.code) << c.name;
  EXPECT_EQ((**reader->read("Patient", "live")).version, 5u) << "numbers go on after a removal";
  EXPECT_EQ((**reader->read("Patient", "gone")).version, 3u);
}

TEST_F(Write, malformed_changes_are_refused) {
  Change reversed = create("Patient", "1");
  reversed.index.dates = {{"birthdate", 5, 4}};
  Change no_number = create("Patient", "1");
  no_number.index.numbers = {{"n", 0, NAN}};
  Change not_object = create("Patient", "1");
  not_object.body = Buffer("[]");
  EXPECT_EQ(write(std::move(reversed)), "invalid_change");
  EXPECT_EQ(write(std::move(no_number)), "invalid_change");
  EXPECT_EQ(write(std::move(not_object)), "invalid_change");
  EXPECT_EQ(write(create("Patient", "a/b")), "invalid_change");
  EXPECT_EQ(write(create("Patient", "")), "invalid_change");
  EXPECT_EQ(write(create("", "1")), "invalid_change");
  EXPECT_EQ(write(create("url", "1")), "invalid_change");
  EXPECT_EQ(write(create("Patient", "1"), update("Patient", "1")), "invalid_change");
  EXPECT_EQ(write(create("Patient", "1")), "");
}

TEST_F(Write, a_set_is_all_or_none) {
  ASSERT_EQ(write(create("Patient", "1", {.tokens = {{"gender", "s", "x"}}})), "");
  EXPECT_EQ(write(create("Patient", "2"), create("Observation", "1"), create("Patient", "1")), "version_conflict");
  EXPECT_FALSE(*reader->read("Patient", "2"));
  EXPECT_FALSE(*reader->read("Observation", "1"));
  EXPECT_EQ(write(create("Patient", "2"), create("Observation", "1", {.tokens = {{"code", "new", "y"}}})), "");
  EXPECT_TRUE(*reader->read("Observation", "1"));
}

TEST_F(Write, history_is_newest_first_and_keeps_every_body) {
  for (int i = 1; i <= 5; ++i) {
    Change change = update("Patient", "1", {.patients = {i < 3 ? "1" : "2"}});
    change.body = Buffer(fmt::format(R"({{"resourceType":"Patient","v":"{}{}"}})", i, std::string(500, 'x')));
    ASSERT_EQ(write(std::move(change)), "");
  }
  ASSERT_EQ(write(remove("Patient", "1")), "");
  const auto all = reader->history("Patient", "1", 100, std::nullopt);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 6u);
  EXPECT_TRUE(all->front().deleted);
  EXPECT_TRUE(all->front().body.inside().empty());
  EXPECT_THAT(all->front().patients, ElementsAre("2")) << "who may hear of a removal is known by them";
  for (std::size_t i = 1; i < all->size(); ++i) {
    const Version& version = (*all)[i];
    EXPECT_EQ(version.version, 6 - i);
    EXPECT_LT(version.updated, (*all)[i - 1].updated) << "the clock stands still, the times do not";
    EXPECT_NE(version.body.inside().view().find(fmt::format("\"v\":\"{}xxx", 6 - i)), std::string_view::npos);
    EXPECT_NE(version.body.inside().view().find(fmt::format("\"versionId\":\"{}\"", 6 - i)), std::string_view::npos);
  }
  EXPECT_THAT((*all)[5].patients, ElementsAre("1"));
  EXPECT_EQ(reader->history("Patient", "1", 2, 4)->front().version, 3u);
  EXPECT_EQ(reader->history("Patient", "1", 2, 4)->size(), 2u);
  EXPECT_EQ((**reader->read_version("Patient", "1", 3)).version, 3u);
  EXPECT_TRUE((**reader->read_version("Patient", "1", 6)).deleted);
  EXPECT_FALSE(*reader->read_version("Patient", "1", 7));
  EXPECT_FALSE(*reader->read_version("Patient", "1", 0));
  EXPECT_FALSE(*reader->read_version("Patient", "2", 1)) << "named, but never there";
}

TEST_F(Write, a_time_before_the_last_does_not_go_back) {
  ASSERT_EQ(write(create("Patient", "1")), "");
  clock.jump(std::chrono::hours(-5));
  ASSERT_EQ(write(update("Patient", "1")), "");
  const auto all = *reader->history("Patient", "1", 9, std::nullopt);
  EXPECT_EQ(all[0].updated - all[1].updated, std::chrono::milliseconds(1));
}

TEST_F(Write, references_resolve_when_their_target_comes) {
  ASSERT_EQ(
      write(create("Observation", "1", {.references = {{"subject", "Patient", "9", ""}, {"x", "", "", "http://a/b"}}})),
      "");
  EXPECT_THAT(*reader->dangling(10), ElementsAre("Patient/9"));
  EXPECT_THAT(*reader->missing({"Patient/9", "Observation/1", "nonsense", "Unknown/1"}),
              ElementsAre("Patient/9", "nonsense", "Unknown/1"));
  EXPECT_FALSE(*reader->read("Patient", "9"));
  const Query query{.type = "Observation",
                    .all_of = {{.param = "subject", .any_of = {ReferenceIs{"Patient", "9", ""}}}},
                    .visible = {{.all = true}}};
  EXPECT_EQ(ids(query), "1");
  ASSERT_EQ(write(create("Patient", "9")), "");
  EXPECT_THAT(*reader->dangling(10), IsEmpty());
  EXPECT_THAT(*reader->missing({"Patient/9"}), IsEmpty());
  EXPECT_EQ(ids(query), "1");
  ASSERT_EQ(write(remove("Patient", "9")), "");
  EXPECT_THAT(*reader->dangling(10), ElementsAre("Patient/9"));
  ASSERT_EQ(write(remove("Observation", "1")), "");
  EXPECT_THAT(*reader->dangling(10), IsEmpty());
}

TEST_F(Write, relationships_follow_their_source_and_their_time) {
  const auto ms = clock.wall().time_since_epoch().count();
  Change team = create("CareTeam", "1");
  team.relationships = {{"Practitioner/3", "7", "care-team", ms, ms + 1000},
                        {"Practitioner/3", "8", "care-team", INT64_MIN, INT64_MAX}};
  const auto before = reader->relationship_generation();
  ASSERT_EQ(write(std::move(team)), "");
  const auto after = reader->relationship_generation();
  EXPECT_GT(after, before);
  EXPECT_THAT(*reader->related("Practitioner/3", "care-team", clock.wall()), ElementsAre("7", "8"));
  EXPECT_THAT(*reader->related("Practitioner/3", "care-team", clock.wall() + std::chrono::seconds(1)),
              ElementsAre("8"));
  EXPECT_THAT(*reader->related("Practitioner/3", "self", clock.wall()), IsEmpty());
  ASSERT_EQ(write(create("Patient", "7")), "");
  EXPECT_EQ(reader->relationship_generation(), after) << "other writes change nothing";

  Change other = create("CareTeam", "2");
  other.relationships = {{"Practitioner/3", "7", "care-team"}};
  ASSERT_EQ(write(std::move(other)), "");
  ASSERT_EQ(write(update("CareTeam", "1")), "");
  EXPECT_THAT(*reader->related("Practitioner/3", "care-team", clock.wall()), ElementsAre("7"));
  const auto last = reader->relationship_generation();
  ASSERT_EQ(write(remove("CareTeam", "2")), "");
  EXPECT_THAT(*reader->related("Practitioner/3", "care-team", clock.wall()), IsEmpty());
  EXPECT_GT(reader->relationship_generation(), last);
}

TEST_F(Write, values_of_rooms_are_put_listed_and_removed) {
  ASSERT_TRUE(store->put(
      {{"identity.client", "b", "2"}, {"identity.client", "a", std::string("1\0x", 3)}, {"other", "a", ""}}));
  EXPECT_EQ(*reader->get("identity.client", "a"), std::string("1\0x", 3));
  EXPECT_EQ(*reader->get("other", "a"), "");
  EXPECT_EQ(*reader->get("other", "b"), std::nullopt);
  EXPECT_EQ(reader->list("identity.client", "", 10)->size(), 2u);
  EXPECT_EQ(reader->list("identity.client", "a", 10)->front().first, "b");
  ASSERT_TRUE(store->put({{"identity.client", "a", std::nullopt}}));
  EXPECT_EQ(*reader->get("identity.client", "a"), std::nullopt);
  EXPECT_FALSE(store->put({{"s", "k", std::string((1 << 20) + 1, 'x')}}));
  EXPECT_TRUE(store->put({{"s", "k", std::string(1 << 20, 'x')}}));
}

TEST_F(Write, intents_tell_what_was_committed) {
  ASSERT_TRUE(store->write_blocking(set_of(create("Patient", "1")), permit(0)));
  ASSERT_TRUE(store->write_blocking(set_of(update("Patient", "1")), permit(8)));
  ASSERT_FALSE(store->write_blocking(set_of(create("Patient", "1")), permit(9)));
  ASSERT_TRUE(store->write_blocking(set_of(remove("Patient", "1")), permit(11)));
  EXPECT_THAT(*store->committed_intents({0, 7, 8, 9, 11, 12}), ElementsAre(0, 8, 11));
}

TEST_F(Write, everything_is_there_after_a_restart_and_only_for_the_owner) {
  const auto generation = store->generation();
  ASSERT_EQ(write(create("Patient", "1", {.tokens = {{"gender", "s", "x"}}})), "");
  for (const auto& file : std::filesystem::directory_iterator(folder.file().parent_path())) {
    struct stat status;
    ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u) << file.path();
  }
  open();
  EXPECT_EQ(store->generation(), generation);
  EXPECT_TRUE(*reader->read("Patient", "1"));
  EXPECT_EQ(ids({.type = "Patient",
                 .all_of = {{.param = "gender", .any_of = {TokenIs{"s", "x"}}}},
                 .visible = {{.all = true}}}),
            "1");
}

TEST_F(Write, an_update_leaves_no_old_index_rows_behind) {
  const auto found_by = [&](const char* code) {
    return ids({.type = "Patient",
                .all_of = {{.param = "gender", .any_of = {TokenIs{std::nullopt, code}}}},
                .visible = {{.all = true}}});
  };
  ASSERT_EQ(
      write(create("Patient", "1", {.tokens = {{"gender", "s", "a"}, {"gender", "s", "b"}, {"gender", "s", "a"}}})),
      "");
  EXPECT_EQ(found_by("a"), "1");
  ASSERT_EQ(write(update("Patient", "1", {.tokens = {{"gender", "s", "b"}, {"gender", "s", "c"}}})), "");
  EXPECT_EQ(found_by("a"), "");
  EXPECT_EQ(found_by("b"), "1");
  EXPECT_EQ(found_by("c"), "1");
  ASSERT_EQ(write(remove("Patient", "1")), "");
  EXPECT_EQ(found_by("b"), "");
  ASSERT_EQ(write(create("Patient", "1", {.tokens = {{"gender", "s", "a"}}})), "");
  EXPECT_EQ(found_by("a"), "1");
}

}  // namespace
}  // namespace ward::store
