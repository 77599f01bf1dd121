// What a change leaves on record: all of it, or the change is refused; and nothing that tells of a patient in clear.
#include "change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ward::manage {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

Change change(std::string_view before, std::string_view after) {
  const auto object = [](std::string_view text) {
    return text.empty() ? json::object() : json::parse(text).as_object();
  };
  return {audit::event::user_changed, 'U', "ann", object(before), object(after)};
}

/// "name=value" by line, without whom it is about.
std::string detail(const Change& of) {
  const auto record = record_of({.username = "adm", .recorded = "user:adm"}, of);
  if (!record) return std::to_string(record.error().status) + " " + record.error().code;
  std::string all;
  for (const auto& [name, value] : record->detail)
    if (name != "name") all += (all.empty() ? "" : "\n") + name + "=" + value;
  return all;
}

TEST(Recording, names_each_member_that_differs) {
  EXPECT_EQ(detail(change(R"({"disabled":false,"name":"A"})", R"({"disabled":true,"name":"A"})")),
            "before.disabled=false\nafter.disabled=true");
  EXPECT_EQ(detail(change("", R"({"name":"A","disabled":false,"fhir_user":"","roles":["x","y"],"purposes":[]})")),
            "after.name=A\nadded.roles=[\"x\",\"y\"]");
  EXPECT_EQ(detail(change(R"({"name":"A","roles":["x"]})", "")), "before.name=A\nremoved.roles=[\"x\"]");
  EXPECT_EQ(detail(change(R"({"a":1})", R"({"a":1})")), "");
}

TEST(Recording, says_of_lists_what_was_added_and_removed_and_how_they_stand_if_that_does_not_tell) {
  EXPECT_EQ(detail(change(R"({"roles":["a","b"]})", R"({"roles":["b","c"]})")),
            "removed.roles=[\"a\"]\nadded.roles=[\"c\"]");
  EXPECT_EQ(detail(change(R"({"roles":["a","b"]})", R"({"roles":["b","a"]})")), "after.roles=[\"b\",\"a\"]");
  EXPECT_EQ(detail(change(R"({"roles":["a"]})", R"({"roles":["b","a"]})")),
            "added.roles=[\"b\"]\nafter.roles=[\"b\",\"a\"]");
  EXPECT_EQ(detail(change(R"({"roles":["a"]})", R"({"roles":["a","a"]})")), "added.roles=[\"a\"]");
}

TEST(Recording, a_long_value_comes_in_pieces_none_of_which_the_log_cuts) {
  const std::string filler(61, 'f');
  json::array roles;
  for (int i = 0; i < 40; ++i) roles.emplace_back(filler);
  roles.emplace_back("administrator");
  Change of = change("", "");
  of.after["roles"] = roles;
  const auto record = record_of({}, of);
  ASSERT_TRUE(record);
  std::string joined;
  for (const auto& [name, value] : record->detail) {
    EXPECT_LE(name.size(), 64u);
    EXPECT_LE(value.size(), 2048u) << name;
    EXPECT_LE(json::serialize(json::value(value)).size(), 4096u) << name;
    if (name.starts_with("added.roles")) joined += value;
  }
  EXPECT_GT(record->detail.size(), 2u);
  EXPECT_EQ(json::parse(joined), json::value(roles));
}

TEST(Recording, tears_no_character_and_bounds_what_must_be_escaped) {
  for (const std::string& piece :
       {std::string("\u00e4"), std::string("\u20ac"), std::string("\\"), std::string("\x01")}) {
    std::string text = "x";
    while (text.size() < 2500) text += piece;
    Change of = change("", "");
    of.after["scope"] = text;
    const auto record = record_of({}, of);
    ASSERT_TRUE(record);
    std::string joined;
    for (const auto& [name, value] : record->detail) {
      if (name == "name") continue;
      joined += value;
      EXPECT_NE(static_cast<unsigned char>(value.front()) & 0xc0, 0x80) << "torn";
      EXPECT_LE(json::serialize(json::value(value)).size(), 4096u);
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(Recording, what_cannot_be_on_record_whole_is_refused) {
  Change of = change("", "");
  of.after["scope"] = std::string(16 << 10, 's');
  EXPECT_EQ(detail(of), "422 record_too_large");
  of = change("", "");
  of.after["redirect_uris"] = json::array(64, json::value(std::string(2000, 'u')));
  EXPECT_EQ(detail(of), "422 record_too_large");
}

TEST(Recording, what_is_long_can_be_removed) {
  Change of = change("", "");
  of.before["redirect_uris"] = json::array(64, json::value(std::string(2000, 'u')));
  of.before["roles"] = json::array{"backend"};
  EXPECT_THAT(detail(of), HasSubstr("removed.redirect_uris=sha256:"));
  EXPECT_THAT(detail(of), HasSubstr("removed.roles=[\"backend\"]"));
}

TEST(Recording, of_a_patient_neither_name_nor_reference_is_in_clear) {
  const Change changes[] = {
      change("", R"({"name":"Grace Hopper","fhir_user":"Patient/77","roles":["patient"]})"),
      change(R"({"name":"Grace Hopper","fhir_user":"Patient/77"})", R"({"name":"Ada King","fhir_user":"Patient/77"})"),
      change(R"({"name":"Grace Hopper","fhir_user":"Practitioner/5"})",
             R"({"name":"Ada King","fhir_user":"RelatedPerson/77"})"),
      change(R"({"name":"Grace Hopper","fhir_user":"Patient/77"})", ""),
  };
  for (const Change& one : changes) {
    const std::string clear = detail(one);
    for (const char* secret : {"Grace", "Ada", "/77"}) EXPECT_THAT(clear, Not(HasSubstr(secret)));
    const auto record = record_of({}, one);
    ASSERT_TRUE(record);
    const audit::Subjects& subjects = record->subjects.inside();
    ASSERT_EQ(subjects.of.size(), 1u);
    EXPECT_EQ(subjects.of[0].patient.empty() ? subjects.of[0].resources.at(0) : subjects.of[0].patient,
              one.after.contains("fhir_user") ? text_of(one.after, "fhir_user") : "Patient/77");
  }
  EXPECT_EQ(detail(changes[1]), "after.name=changed");
  EXPECT_EQ(detail(changes[2]), "after.name=changed\nbefore.fhir_user=Practitioner/5\nafter.fhir_user=RelatedPerson");
  const auto staff = record_of({}, change("", R"({"name":"Ann","fhir_user":"Practitioner/5"})"));
  ASSERT_TRUE(staff);
  EXPECT_TRUE(staff->subjects.inside().empty());
}

}  // namespace
}  // namespace ward::manage
