// The schedule of keys that sign tokens.
#include "administration.hpp"

#include "identity/clinic.hpp"

namespace ward::manage {
namespace {

using namespace std::chrono_literals;

class ScheduledKeys : public identity::ClinicTest {
 protected:
  void SetUp() override {
    ClinicTest::SetUp();
    auto opened = audit::Log::open(folder / "log", {}, *ring, clock, random);
    ASSERT_TRUE(opened) << opened.error().text();
    log = std::move(*opened);
    auto all = Administration::open({*identity, *ring, *log, memory, clock, random});
    ASSERT_TRUE(all) << all.error().text();
    administration = std::move(*all);
  }
  void TearDown() override {
    administration.reset();
    log.reset();
    ClinicTest::TearDown();
  }
  std::string current() const {
    for (const auto& one : ring->list())
      if (one.purpose == "token-sign" && one.state == crypto::KeyRing::State::current) return one.id;
    return {};
  }

  std::unique_ptr<audit::Log> log;
  std::unique_ptr<Administration> administration;
};

TEST_F(ScheduledKeys, a_key_is_followed_by_another_when_it_is_old_enough_and_what_it_signed_stays_valid) {
  const std::string first = current();
  ASSERT_FALSE(first.empty());
  clock.advance(90 * 24h - 2min);
  ASSERT_TRUE(administration->rotate_due_keys(90 * 24h));
  EXPECT_EQ(current(), first);
  const auto minted = identity->mint_person("dora", "");
  ASSERT_TRUE(minted);
  clock.advance(2min);
  ASSERT_TRUE(administration->rotate_due_keys(90 * 24h));
  EXPECT_NE(current(), first);
  EXPECT_TRUE(identity->authenticator()->authenticate("Bearer " + minted->token));
  const std::string second = current();
  ASSERT_TRUE(administration->rotate_due_keys(90 * 24h));
  EXPECT_EQ(current(), second) << "once";
}

TEST_F(ScheduledKeys, without_a_record_nothing_is_rotated) {
  const std::string first = current();
  clock.advance(91 * 24h);
  log->stop();
  EXPECT_FALSE(administration->rotate_due_keys(90 * 24h));
  EXPECT_EQ(current(), first);
}

}  // namespace
}  // namespace ward::manage
