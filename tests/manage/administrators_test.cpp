// Two administrators reset somebody's factors, and nobody is both of them.
#include "administrators.hpp"
#include "administration.hpp"

#include "identity/clinic.hpp"

namespace ward::manage {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

class Administrators : public identity::ClinicTest {
 protected:
  void SetUp() override {
    ClinicTest::SetUp();
    auto opened = audit::Log::open(folder / "log", {}, *ring, clock, random);
    ASSERT_TRUE(opened) << opened.error().text();
    log = std::move(*opened);
    auto all = Administration::open({*identity, *ring, *log, memory, clock, random});
    ASSERT_TRUE(all) << all.error().text();
    administration = std::move(*all);
    for (const char* name : {"ann", "ben"}) make(name);
  }
  void TearDown() override {
    administration.reset();
    log.reset();
    ClinicTest::TearDown();
  }
  void make(const std::string& name) {
    ASSERT_TRUE(identity->put_person({.username = name,
                                      .password_hash = {},
                                      .roles = {"administrator"},
                                      .fhir_user = {},
                                      .purposes = {},
                                      .name = {}}));
  }
  /// "200", or the status and why it was refused.
  std::string run(std::string_view by, std::string_view operation, std::string id, json::object body = {}) {
    Actor actor{.username = std::string(by), .recorded = "user:" + std::string(by)};
    if (by == "root") actor = {.root = true};
    if (by == "robot") actor = {.recorded = "robot", .client = "robot"};
    const Call call{.actor = std::move(actor), .id = std::move(id), .body = std::move(body), .after = {}};
    const Outcome outcome = administration->run(operation, call);
    return outcome ? std::to_string(outcome->status)
                   : std::to_string(outcome.error().status) + " " + outcome.error().code;
  }
  std::string reset(std::string_view by, std::string id = "dora") { return run(by, "resetFactors", std::move(id)); }
  static json::object administrator(std::string_view name) {
    return {{"username", name}, {"roles", json::array{"administrator"}}};
  }

  std::unique_ptr<audit::Log> log;
  std::unique_ptr<Administration> administration;
};

TEST_F(Administrators, of_whom_nothing_is_known_have_been_for_long) {
  EXPECT_EQ(reset("ann"), "202");
  EXPECT_EQ(reset("ann"), "403 second_administrator_needed");
  EXPECT_EQ(reset("ben"), "200");
}

TEST_F(Administrators, who_was_made_after_the_request_does_not_confirm_it) {
  EXPECT_EQ(reset("ann"), "202");
  clock.advance(1min);
  EXPECT_EQ(run("root", "createUser", "", administrator("puppet")), "201");
  EXPECT_EQ(reset("puppet"), "403 administrator_new");
  EXPECT_EQ(reset("ben"), "200");
}

TEST_F(Administrators, whom_one_of_the_two_let_in_does_not_count_beside_them_for_a_day) {
  EXPECT_EQ(run("ann", "createUser", "", administrator("puppet")), "201");
  EXPECT_EQ(run("puppet", "createUser", "", administrator("second")), "201");
  clock.advance(1min);
  EXPECT_EQ(reset("ann"), "202");
  EXPECT_EQ(reset("puppet"), "403 administrator_new");
  EXPECT_EQ(reset("second"), "403 administrator_new") << "also by way of another one";
  EXPECT_EQ(run("ann", "withdrawReset", "dora"), "204");
  EXPECT_EQ(reset("puppet"), "202");
  EXPECT_EQ(reset("ann"), "403 administrator_new") << "whoever asks";
  EXPECT_EQ(reset("second"), "403 administrator_new");
  EXPECT_EQ(reset("ben"), "200") << "the twin: ben is of nobody";
  clock.advance(24h);
  EXPECT_EQ(reset("puppet"), "202");
  EXPECT_EQ(reset("ann"), "200");
}

TEST_F(Administrators, a_role_an_account_enabled_and_a_password_let_in_too) {
  ASSERT_TRUE(identity->put_person({.username = "cy",
                                    .password_hash = {},
                                    .roles = {"administrator"},
                                    .fhir_user = {},
                                    .purposes = {},
                                    .disabled = true,
                                    .name = {}}));
  EXPECT_EQ(run("ann", "changeUser", "cy", {{"disabled", false}}), "200");
  EXPECT_EQ(run("ann", "changeUser", "dora", {{"roles", json::array{"administrator"}}}), "200");
  EXPECT_EQ(run("ann", "changeUser", "ben", {{"password", "a quite long pass phrase"}}), "200");
  EXPECT_EQ(reset("ann", "paul"), "202");
  for (const char* one : {"cy", "dora", "ben"}) EXPECT_EQ(reset(one, "paul"), "403 administrator_new") << one;
  make("eve");
  EXPECT_EQ(run("ann", "changeUser", "eve", {{"name", "Eve"}}), "200");
  EXPECT_EQ(reset("eve", "paul"), "200") << "another name lets nobody in";
}

TEST_F(Administrators, whose_account_was_made_anew_is_another_one) {
  EXPECT_EQ(reset("ben"), "202");
  clock.advance(1min);
  EXPECT_EQ(run("ann", "removeUser", "ben"), "204");
  EXPECT_EQ(run("ann", "createUser", "", administrator("ben")), "201");
  EXPECT_EQ(reset("ann"), "202") << "what the one before asked for is over";
  EXPECT_EQ(reset("ben"), "403 administrator_new");
}

TEST_F(Administrators, are_not_made_changed_or_removed_by_machines) {
  const std::string refused = "403 administrator_needed";
  EXPECT_EQ(run("robot", "createUser", "", administrator("puppet")), refused);
  EXPECT_EQ(run("robot", "changeUser", "dora", {{"roles", json::array{"administrator"}}}), refused);
  EXPECT_EQ(run("robot", "changeUser", "ann", {{"password", "a quite long pass phrase"}}), refused);
  EXPECT_EQ(run("robot", "changeUser", "ann", {{"roles", json::array{"nurse"}}}), refused);
  EXPECT_EQ(run("robot", "removeUser", "ann"), refused);
  EXPECT_EQ(run("robot", "changeUser", "dora", {{"roles", json::array{"nurse"}}}), "200");
  EXPECT_EQ(run("robot", "removeUser", "dora"), "204");
}

TEST_F(Administrators, a_reset_that_waits_goes_with_the_person) {
  EXPECT_EQ(reset("ann"), "202");
  memory.broken = true;
  EXPECT_EQ(run("ben", "removeUser", "dora"), "503 store_failed");
  memory.broken = false;
  EXPECT_EQ(run("ben", "removeUser", "dora"), "204");
  EXPECT_FALSE(memory.values.contains({"manage.reset", "dora"}));
  EXPECT_EQ(run("ben", "createUser", "", {{"username", "dora"}, {"roles", json::array{"nurse"}}}), "201");
  EXPECT_EQ(run("ben", "getReset", "dora"), "404 not_found");
  EXPECT_EQ(reset("ben"), "202") << "it begins anew";
}

}  // namespace
}  // namespace ward::manage
