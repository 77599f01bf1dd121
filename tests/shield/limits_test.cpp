#include "limits.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <ctime>
#include <queue>

namespace ward::shield {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

LimitSettings one_policy(double per_second, std::uint32_t burst) {
  LimitSettings settings;
  settings.policies = {{"subject", KeyKind::subject, per_second, burst, "ward.toml:7"}};
  return settings;
}

std::string header(const Headers& headers, std::string_view name) {
  for (const auto& [n, value] : headers) {
    if (n == name) return value;
  }
  return "";
}

class LimitsTest : public testing::Test {
 protected:
  SimulatedClock clock_{*parse_rfc3339("2026-11-24T05:30:23Z")};
  static constexpr LimitKey alice_[] = {{KeyKind::subject, "alice"}};
};

TEST_F(LimitsTest, a_burst_passes_then_requests_are_slowed_then_refused) {
  Limits limits(one_policy(10, 20));
  std::vector<Decision> held;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limits.check(alice_, clock_.mono()).verdict, LimitVerdict::allow) << i;
  for (int i = 0; i < 10; ++i) {
    held.push_back(limits.check(alice_, clock_.mono()));
    ASSERT_EQ(held.back().verdict, LimitVerdict::delay) << i;
    EXPECT_EQ(held.back().delay, milliseconds(100 * (i + 1))) << "in time order";
  }
  const Decision refused = limits.check(alice_, clock_.mono());
  ASSERT_EQ(refused.verdict, LimitVerdict::refuse);
  EXPECT_EQ(refused.retry_after_s, 2U);
  const Refusal refusal = refused.refusal();
  EXPECT_EQ(refusal.status, 429);
  EXPECT_EQ(header(refusal.headers, "retry-after"), "2");
  EXPECT_EQ(refusal.cause, "ward.toml:7: limits.subject: 10/s, 20 at once");
  const LimitKey bob[] = {{KeyKind::subject, "bob"}};
  EXPECT_EQ(limits.check(bob, clock_.mono()).verdict, LimitVerdict::allow);
  clock_.advance(seconds(2));
  EXPECT_EQ(limits.check(alice_, clock_.mono()).verdict, LimitVerdict::allow) << "after Retry-After";
}

TEST_F(LimitsTest, headers_follow_the_draft) {
  Limits limits(one_policy(100.0 / 60, 100));
  const Decision first = limits.check(alice_, clock_.mono());
  EXPECT_EQ(header(first.headers(), "ratelimit-policy"), "\"subject\";q=100;w=60");
  EXPECT_EQ(header(first.headers(), "ratelimit"), "\"subject\";r=99;t=1");
  for (int i = 0; i < 50; ++i) limits.check(alice_, clock_.mono());
  EXPECT_EQ(header(limits.check(alice_, clock_.mono()).headers(), "ratelimit"), "\"subject\";r=48;t=32");
}

TEST_F(LimitsTest, several_policies_take_from_all_or_from_none_and_the_tightest_is_told) {
  LimitSettings settings = one_policy(100, 100);
  settings.policies.push_back({"client", KeyKind::client, 1, 3, ""});
  settings.delay_max = milliseconds(0);
  Limits limits(settings);
  const LimitKey keys[] = {{KeyKind::subject, "alice"}, {KeyKind::client, "app"}};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limits.check(keys, clock_.mono()).verdict, LimitVerdict::allow);
  for (int i = 0; i < 5; ++i) {
    const Decision refused = limits.check(keys, clock_.mono());
    ASSERT_EQ(refused.verdict, LimitVerdict::refuse);
    EXPECT_EQ(header(refused.headers(), "ratelimit"), "\"client\";r=0;t=3");
  }
  const Decision by_subject = limits.check(alice_, clock_.mono());
  EXPECT_EQ(by_subject.standings[0].remaining, 96U) << "the refused ones took nothing";
}

TEST_F(LimitsTest, only_so_many_are_held_back_at_one_time) {
  LimitSettings settings = one_policy(10, 1);
  settings.delayed_max = 2;
  Limits limits(settings);
  limits.check(alice_, clock_.mono());
  std::optional<Decision> first = limits.check(alice_, clock_.mono());
  const Decision second = limits.check(alice_, clock_.mono());
  EXPECT_EQ(first->verdict, LimitVerdict::delay);
  EXPECT_EQ(second.verdict, LimitVerdict::delay);
  EXPECT_EQ(limits.check(alice_, clock_.mono()).verdict, LimitVerdict::refuse);
  first.reset();
  EXPECT_EQ(limits.check(alice_, clock_.mono()).verdict, LimitVerdict::delay);
}

TEST_F(LimitsTest, a_flood_of_keys_does_not_free_a_throttled_one) {
  LimitSettings settings = one_policy(1, 10);
  settings.keys_max = 512;
  settings.delay_max = milliseconds(0);
  Limits limits(settings);
  for (int i = 0; i < 10; ++i) limits.check(alice_, clock_.mono());
  ASSERT_EQ(limits.check(alice_, clock_.mono()).verdict, LimitVerdict::refuse);
  for (int i = 0; i < 200'000; ++i) {
    const std::string key = "attacker-" + std::to_string(i);
    const LimitKey flood[] = {{KeyKind::subject, key}};
    limits.check(flood, clock_.mono());
  }
  EXPECT_EQ(limits.check(alice_, clock_.mono()).verdict, LimitVerdict::refuse);
}

TEST_F(LimitsTest, is_exact_across_threads) {
  LimitSettings settings = one_policy(1, 10'000);
  settings.delay_max = milliseconds(0);
  Limits limits(settings);
  std::atomic<int> allowed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i)
        allowed += limits.check(alice_, clock_.mono()).verdict == LimitVerdict::allow ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allowed, 10'000);
}

/// Acceptance: 199 clients at four times their rate, one under its own, one that waits as it is told.
TEST_F(LimitsTest, neither_the_quiet_nor_the_obedient_client_sees_429_among_199_loud_ones) {
  LimitSettings settings = one_policy(10, 10);
  Limits limits(settings);
  enum class Manner { loud, quiet, obedient };
  struct Event {
    std::int64_t at_ms;
    int client;
    bool operator>(const Event& other) const { return at_ms > other.at_ms; }
  };
  struct Release {
    std::int64_t at_ms;
    std::shared_ptr<Decision> decision;
    bool operator>(const Release& other) const { return at_ms > other.at_ms; }
  };
  const auto manner_of = [](int client) {
    return client < 199 ? Manner::loud : client == 199 ? Manner::quiet : Manner::obedient;
  };
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
  std::priority_queue<Release, std::vector<Release>, std::greater<>> held;
  for (int client = 0; client <= 200; ++client) events.push({client % 25, client});
  std::map<std::pair<Manner, LimitVerdict>, int> seen;
  std::int64_t now_ms = 0;
  bool slowed_first = true;
  std::set<int> slowed;
  while (events.top().at_ms < 60'000) {
    const Event event = events.top();
    events.pop();
    clock_.advance(milliseconds(event.at_ms - now_ms));
    now_ms = event.at_ms;
    while (!held.empty() && held.top().at_ms <= now_ms) held.pop();
    const std::string name = "client-" + std::to_string(event.client);
    const LimitKey keys[] = {{KeyKind::subject, name}};
    const auto decision = std::make_shared<Decision>(limits.check(keys, clock_.mono()));
    const Manner manner = manner_of(event.client);
    ++seen[{manner, decision->verdict}];
    if (decision->verdict == LimitVerdict::delay)
      held.push({now_ms + decision->delay.count(), decision}), slowed.insert(event.client);
    if (decision->verdict == LimitVerdict::refuse) slowed_first = slowed_first && slowed.contains(event.client);
    std::int64_t next_ms = now_ms + 25;  // loud: 40/s, and does not wait for its answers
    if (manner == Manner::quiet) next_ms = now_ms + 125;
    if (manner == Manner::obedient) {
      // As fast as it can, until RateLimit says that nothing remains; then it waits t (and Retry-After, if told).
      const Standing& standing = decision->standings[0];
      next_ms = now_ms + decision->delay.count() + (standing.remaining == 0 ? standing.reset_s * 1000 : 1) +
                decision->retry_after_s * 1000;
    }
    events.push({next_ms, event.client});
  }
  for (const Manner good : {Manner::quiet, Manner::obedient}) {
    EXPECT_EQ((seen[{good, LimitVerdict::refuse}]), 0);
    EXPECT_EQ((seen[{good, LimitVerdict::delay}]), 0);
  }
  EXPECT_GT((seen[{Manner::obedient, LimitVerdict::allow}]), 500) << "obeying does not cost the rate";
  EXPECT_GT((seen[{Manner::loud, LimitVerdict::delay}]), 0);
  EXPECT_GT((seen[{Manner::loud, LimitVerdict::refuse}]), 0);
  EXPECT_TRUE(slowed_first);
}

TEST_F(LimitsTest, an_ipv6_customer_has_one_key) {
  EXPECT_EQ(address_key(boost::asio::ip::make_address("192.0.2.7")), "192.0.2.7");
  EXPECT_EQ(address_key(boost::asio::ip::make_address("::ffff:192.0.2.7")), "192.0.2.7");
  EXPECT_EQ(address_key(boost::asio::ip::make_address("2001:db8::1")),
            address_key(boost::asio::ip::make_address("2001:db8::ffff:2")));
  EXPECT_NE(address_key(boost::asio::ip::make_address("2001:db8::1")),
            address_key(boost::asio::ip::make_address("2001:db8:0:1::1")));
}

TEST_F(LimitsTest, settings_are_read_and_wrong_ones_are_named) {
  const auto document = config::Document::parse(
      "[limits]\nsubject = \"20/s\"\nsubject_burst = 40\nclient = \"off\"\nroute = \"600/min\"\ndelay_max = \"2 s\"\n",
      "ward.toml");
  ASSERT_TRUE(document);
  const LimitSettings settings = read_limits(document->root().section("limits"));
  EXPECT_TRUE(document->finish().empty()) << document->finish()[0].text();
  ASSERT_EQ(settings.policies.size(), 3U);
  EXPECT_EQ(settings.policies[0].burst, 40U);
  EXPECT_EQ(settings.policies[0].where, "ward.toml:2");
  EXPECT_EQ(settings.policies[1].name, "address");
  EXPECT_EQ(settings.policies[2].burst, 10U);
  EXPECT_EQ(settings.delay_max, seconds(2));
  const auto bad =
      config::Document::parse("[limits]\nsubject = \"0/s\"\ndelay_max = \"5 min\"\nsubjekt = \"1/s\"\n", "ward.toml");
  ASSERT_TRUE(bad);
  read_limits(bad->root().section("limits"));
  EXPECT_EQ(bad->finish().size(), 3U);
}

TEST(Quotas, count_by_day_and_month_and_survive_a_restart) {
  SimulatedClock clock(*parse_rfc3339("2026-11-30T23:59:50Z"));
  std::map<std::string, QuotaCount> stored;
  const auto load = [&](std::string_view client) -> std::optional<QuotaCount> {
    const auto found = stored.find(std::string(client));
    return found == stored.end() ? std::nullopt : std::optional(found->second);
  };
  const auto store = [&](const QuotaCount& count) { stored[count.client] = count; };
  const Quota quota{.per_day = 3, .per_month = 5};
  {
    Quotas quotas(load, store, 2);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(quotas.take("app", quota, clock.wall()));
    const auto refused = quotas.take("app", quota, clock.wall());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().status, 429);
    EXPECT_EQ(refused.error().code, "quota_exhausted");
    EXPECT_EQ(header(refused.error().headers, "retry-after"), "10");
    EXPECT_TRUE(quotas.take("other", {}, clock.wall())) << "no quota, no count";
    for (const char* client : {"a", "b", "c"})
      EXPECT_TRUE(quotas.take(client, quota, clock.wall())) << "a full table stores the oldest";
    quotas.flush();
  }
  Quotas quotas(load, store);
  EXPECT_FALSE(quotas.take("app", quota, clock.wall()));
  clock.advance(seconds(11));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(quotas.take("app", quota, clock.wall())) << "a new month and day";
  clock.advance(std::chrono::hours(24));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(quotas.take("app", quota, clock.wall()));
  const auto refused = quotas.take("app", quota, clock.wall());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, "quota_month: 5 requests");
}

// ---- the gate

struct Visit {
  Gate& gate;
  std::vector<std::string>& order;
};

boost::asio::awaitable<void> visit(Visit at, Class of, std::string name, milliseconds stay) {
  Allowed<Place> place = co_await at.gate.enter(of);
  if (!place) {
    at.order.push_back(name + " " + std::to_string(place.error().status));
    co_return;
  }
  at.order.push_back(name);
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, stay);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

TEST(Gate, serves_by_class_then_by_arrival_and_sheds_the_lowest_when_full) {
  boost::asio::io_context io;
  Gate gate("upstream ehr", {.concurrent_max = 1, .queue_max = 3, .wait_max = milliseconds(1000)});
  std::vector<std::string> order;
  const Visit at{gate, order};
  const std::tuple<Class, const char*> visits[] = {
      {Class::clinical, "inside"},   {Class::bulk, "bulk-1"},   {Class::bulk, "bulk-2"}, {Class::patient, "patient"},
      {Class::clinical, "clinical"}, {Class::urgent, "urgent"}, {Class::bulk, "bulk-3"}};
  for (const auto& [of, name] : visits)
    boost::asio::co_spawn(io, visit(at, of, name, milliseconds(5)), boost::asio::detached);
  io.run();
  const std::vector<std::string> expected = {"inside", "bulk-3 503", "bulk-2 503", "bulk-1 503",
                                             "urgent", "clinical",   "patient"};
  EXPECT_EQ(order, expected);
  EXPECT_EQ(gate.inside(), 0U);
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST(Gate, a_deadline_ends_the_waiting) {
  boost::asio::io_context io;
  Gate gate("upstream ehr", {.concurrent_max = 1, .queue_max = 3, .wait_max = milliseconds(10)});
  std::vector<std::string> order;
  boost::asio::co_spawn(io, visit({gate, order}, Class::clinical, "long", milliseconds(50)), boost::asio::detached);
  boost::asio::co_spawn(io, visit({gate, order}, Class::clinical, "late", milliseconds(1)), boost::asio::detached);
  io.run();
  EXPECT_EQ(order, (std::vector<std::string>{"long", "late 503"}));
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST(Gate, a_waiter_that_is_destroyed_gives_its_turn_on) {
  Gate gate("upstream ehr", {.concurrent_max = 1, .queue_max = 3, .wait_max = milliseconds(1000)});
  std::vector<std::string> order;
  {
    boost::asio::io_context io;
    boost::asio::co_spawn(io, visit({gate, order}, Class::clinical, "inside", milliseconds(500)),
                          boost::asio::detached);
    boost::asio::co_spawn(io, visit({gate, order}, Class::clinical, "waiting", milliseconds(1)), boost::asio::detached);
    io.run_for(milliseconds(5));
    EXPECT_EQ(gate.waiting(), 1U);
  }
  EXPECT_EQ(gate.inside(), 0U);
  EXPECT_EQ(gate.waiting(), 0U);
}

TEST(Gate, is_shared_by_event_loops) {
  Gate gate("upstream ehr", {.concurrent_max = 2, .queue_max = 1000, .wait_max = milliseconds(20'000)});
  std::array<std::vector<std::string>, 3> orders;
  std::vector<std::thread> threads;
  for (auto& order : orders) {
    threads.emplace_back([&gate, &order] {
      boost::asio::io_context io;
      for (int i = 0; i < 100; ++i)
        boost::asio::co_spawn(io, visit({gate, order}, Class::clinical, "x", milliseconds(0)), boost::asio::detached);
      io.run();
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& order : orders) EXPECT_EQ(std::ranges::count(order, "x"), 100);
  EXPECT_EQ(gate.inside(), 0U);
}

TEST_F(LimitsTest, a_check_is_cheap) {
  Limits limits(default_limits());
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back("subject-" + std::to_string(i));
  const int rounds = 200'000;
  const auto cpu_ns = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  };
  const double begin = cpu_ns();
  for (int i = 0; i < rounds; ++i) {
    const LimitKey keys[] = {{KeyKind::subject, names[static_cast<std::size_t>(i) % names.size()]},
                             {KeyKind::client, "app"},
                             {KeyKind::address, "192.0.2.7"}};
    clock_.advance(milliseconds(2));
    limits.check(keys, clock_.mono());
  }
  const double ns = (cpu_ns() - begin) / rounds;
  fmt::print("limits: {:.0f} ns per check of three keys\n", ns);
  EXPECT_LT(ns, 20'000) << "far off; the figure is printed";
}

}  // namespace
}  // namespace ward::shield
