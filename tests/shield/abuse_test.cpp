#include "abuse.hpp"

#include <gtest/gtest.h>

namespace ward::shield {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class AbuseTest : public testing::Test {
 protected:
  SimulatedClock clock_{*parse_rfc3339("2026-11-24T05:30:23Z")};
  Abuse abuse_;

  /// Feeds `count` sightings a tenth of a second apart; the first event.
  std::optional<AbuseEvent> feed(int count, std::string_view key, const std::function<Sighting(int)>& make) {
    std::optional<AbuseEvent> event;
    for (int i = 0; i < count; ++i) {
      auto now = abuse_.saw("address", key, make(i), clock_.mono());
      if (now && !event) event = std::move(now);
      clock_.advance(milliseconds(100));
    }
    return event;
  }
};

TEST_F(AbuseTest, a_sweep_for_missing_records_is_slowed_then_reported_once) {
  EXPECT_EQ(feed(30, "192.0.2.7", [](int) { return Sighting{.status = 404}; }), std::nullopt);
  EXPECT_EQ(abuse_.delay("address", "192.0.2.7", clock_.mono()), milliseconds(0));
  feed(20, "192.0.2.7", [](int) { return Sighting{.status = 404}; });
  EXPECT_GT(abuse_.delay("address", "192.0.2.7", clock_.mono()), milliseconds(0));
  const auto event = feed(60, "192.0.2.7", [](int) { return Sighting{.status = 404}; });
  ASSERT_TRUE(event);
  EXPECT_EQ(event->reason, "not_found_sweep");
  EXPECT_EQ(event->source, "address 192.0.2.7");
  EXPECT_FALSE(feed(100, "192.0.2.7", [](int) { return Sighting{.status = 404}; })) << "once until it came to rest";
  EXPECT_EQ(abuse_.delay("address", "192.0.2.8", clock_.mono()), milliseconds(0)) << "others are not slowed";
  EXPECT_LE(abuse_.delay("address", "192.0.2.7", clock_.mono()), milliseconds(2000));
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(abuse_.delay("address", "192.0.2.7", clock_.mono()), milliseconds(0));
  EXPECT_TRUE(feed(120, "192.0.2.7", [](int) { return Sighting{.status = 404}; })) << "a new story is told anew";
}

TEST_F(AbuseTest, each_kind_of_probing_has_its_reason) {
  std::vector<std::string> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(std::to_string(1000 + i));
  const std::tuple<const char*, const char*, std::function<Sighting(int)>> cases[] = {
      {"a", "unauthorised_sweep", [](int) { return Sighting{.status = 401}; }},
      {"b", "bad_credentials", [](int) { return Sighting{.status = 401, .credentials_wrong = true}; }},
      {"c", "sequential_ids",
       [&](int i) { return Sighting{.status = 404, .asked_id = ids[static_cast<std::size_t>(i)]}; }},
      {"d", "many_patients",
       [&](int i) { return Sighting{.status = 200, .patient = ids[static_cast<std::size_t>(i)]}; }},
  };
  for (const auto& [key, reason, make] : cases) {
    const auto event = feed(200, key, make);
    ASSERT_TRUE(event) << reason;
    EXPECT_EQ(event->reason, reason);
  }
}

TEST_F(AbuseTest, ordinary_use_is_never_slowed) {
  std::vector<std::string> patients;
  for (int i = 0; i < 60; ++i) patients.push_back("p" + std::to_string(i * 7919 % 997));
  for (int i = 0; i < 2000; ++i) {
    const Sighting sighting{.status = i % 20 == 0 ? 404 : 200,
                            .asked_id = patients[static_cast<std::size_t>(i % 60)],
                            .patient = patients[static_cast<std::size_t>(i % 60)]};
    EXPECT_FALSE(abuse_.saw("subject", "physician", sighting, clock_.mono()));
    EXPECT_EQ(abuse_.delay("subject", "physician", clock_.mono()), milliseconds(0));
    clock_.advance(seconds(1));
  }
}

TEST_F(AbuseTest, a_flood_of_sources_does_not_make_a_prober_forgotten) {
  feed(110, "prober", [](int) { return Sighting{.status = 404}; });
  for (int i = 0; i < 100'000; ++i)
    abuse_.saw("address", fmt::format("10.{}.{}.{}", i >> 16, (i >> 8) & 255, i & 255), {.status = 404}, clock_.mono());
  EXPECT_GT(abuse_.delay("address", "prober", clock_.mono()), milliseconds(0));
}

boost::asio::ip::address ip(const char* text) { return boost::asio::ip::make_address(text); }

TEST(Blocklist, holds_addresses_and_prefixes_until_they_expire) {
  SimulatedClock clock(*parse_rfc3339("2026-11-24T05:30:23Z"));
  Blocklist list;
  EXPECT_FALSE(list.blocked(ip("192.0.2.7"), clock.wall()));
  ASSERT_TRUE(list.add("192.0.2.0/24", clock.wall() + seconds(60), "probing"));
  ASSERT_TRUE(list.add("2001:db8::/64", std::nullopt, "by hand"));
  EXPECT_TRUE(list.blocked(ip("192.0.2.7"), clock.wall()));
  EXPECT_TRUE(list.blocked(ip("::ffff:192.0.2.9"), clock.wall())) << "the same address in its IPv6 form";
  EXPECT_FALSE(list.blocked(ip("192.0.3.7"), clock.wall()));
  EXPECT_TRUE(list.blocked(ip("2001:db8::1"), clock.wall()));
  EXPECT_FALSE(list.blocked(ip("2001:db8:0:1::1"), clock.wall()));
  EXPECT_EQ(list.list(clock.wall()).size(), 2U);
  clock.advance(seconds(61));
  EXPECT_FALSE(list.blocked(ip("192.0.2.7"), clock.wall()));
  EXPECT_EQ(list.list(clock.wall()).size(), 1U);
  EXPECT_TRUE(list.remove("2001:db8::/64"));
  EXPECT_FALSE(list.remove("2001:db8::/64"));
  EXPECT_FALSE(list.blocked(ip("2001:db8::1"), clock.wall()));
  for (const char* bad : {"", "x", "192.0.2.0/33", "192.0.2.0/0", "192.0.2.0/", "192.0.2.0/-1", "::/0"})
    EXPECT_FALSE(list.add(bad, std::nullopt, "")) << bad;
}

TEST(Blocklist, is_read_while_it_changes) {
  SimulatedClock clock(*parse_rfc3339("2026-11-24T05:30:23Z"));
  Blocklist list;
  ASSERT_TRUE(list.add("203.0.113.1", std::nullopt, "stays"));
  std::atomic<bool> stop{false};
  std::atomic<int> missed{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) missed += list.blocked(ip("203.0.113.1"), clock.wall()) ? 0 : 1;
    });
  }
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(list.add(fmt::format("198.51.100.{}", i % 200 + 1), std::nullopt, "x"));
    if (i % 3 == 0) list.remove(fmt::format("198.51.100.{}", i % 200 + 1));
  }
  stop = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(missed, 0);
}

}  // namespace
}  // namespace ward::shield
