// Settings of an upstream, which address takes a request, and which URLs are the upstream's.
#include "upstream/balance.hpp"
#include "upstream/request.hpp"
#include "upstream/resource.hpp"

#include "base/config.hpp"

#include <gtest/gtest.h>

namespace ward::door {
namespace {

using namespace std::chrono_literals;

std::string problems_of(const std::string& lines, UpstreamSettings* settings = nullptr) {
  auto document = config::Document::parse("[route.ehr]\n" + lines, "ward.toml");
  EXPECT_TRUE(document);
  if (!document) return "syntax";
  const UpstreamSettings read = read_upstream(document->root().section("route").section("ehr"));
  if (settings != nullptr) *settings = read;
  std::string all;
  for (const config::Problem& problem : document->finish()) all += problem.text() + "\n";
  return all;
}

TEST(read_upstream, takes_what_is_encrypted_and_says_what_to_do_about_the_rest) {
  struct Case {
    const char* name;
    const char* lines;
    const char* said;  // "": no problem
  };
  const Case cases[] = {
      {"https", R"(upstream = "https://ehr.example:8443/fhir")", ""},
      {"several addresses", R"(upstream = ["https://a.example/fhir", "https://b.example/fhir/"])", ""},
      {"plain to elsewhere", R"(upstream = "http://ehr")",
       R"("http://ehr" is not encrypted; use https, or set allow_plaintext = "loopback" for an address on this machine)"},
      {"plain to elsewhere though allowed for loopback",
       "upstream = \"http://10.0.0.1\"\nallow_plaintext = \"loopback\"", "is not encrypted"},
      {"a name that begins like loopback",
       "upstream = \"http://127.0.0.1.evil.example\"\nallow_plaintext = \"loopback\"", "is not encrypted"},
      {"plain on this machine, not allowed", R"(upstream = "http://127.0.0.1:80")", "is not encrypted"},
      {"plain on this machine, allowed", "upstream = \"http://127.0.0.1:80/x\"\nallow_plaintext = \"loopback\"", ""},
      {"plain on this machine, version 6", "upstream = \"http://[::1]:80/x\"\nallow_plaintext = \"loopback\"", ""},
      {"another scheme", R"(upstream = "ftp://ehr.example")", "is no address"},
      {"a user in it", R"(upstream = "https://me@ehr.example")", "is no address"},
      {"a query", R"(upstream = "https://ehr.example/?a")", "is no address"},
      {"dots in the path", R"(upstream = "https://ehr.example/a/../b")", "is no address"},
      {"two paths", R"(upstream = ["https://a.example/x", "https://b.example/y"])", "need the same path"},
      {"half a client certificate", "upstream = \"https://a.example\"\ncertificate = \"a.pem\"", "needs both"},
      {"no time", "upstream = \"https://a.example\"\nconnect_timeout = \"0 s\"", "must be between"},
      {"a misspelt key", "upstream = \"https://a.example\"\nconect_timeout = \"1 s\"", "connect_timeout"},
  };
  for (const Case& one : cases) {
    const std::string said = problems_of(one.lines);
    EXPECT_EQ(said.empty(), std::string_view(one.said).empty()) << one.name << ": " << said;
    EXPECT_NE(said.find(one.said), std::string::npos) << one.name << ": " << said;
  }
  UpstreamSettings settings;
  problems_of(
      "upstream = [\"https://a.example/fhir\", \"https://b.example/fhir/\"]\nretries = 2\nhttp2 = "
      "false\n[route.ehr.gate]\nconcurrent_max = 3\n",
      &settings);
  EXPECT_EQ(settings.addresses, (std::vector<std::string>{"https://a.example", "https://b.example"}));
  EXPECT_EQ(settings.path, "/fhir");
  EXPECT_EQ(settings.name, "ehr");
  EXPECT_EQ(settings.retries_max, 2U);
  EXPECT_FALSE(settings.client.http2);
  EXPECT_EQ(settings.gate.concurrent_max, 3U);
}

struct Balanced : testing::Test {
  UpstreamSettings settings{
      .name = "ehr", .addresses = {"https://a.example", "https://b.example"}, .failures_max = 3, .open_for = 10s};
  SimulatedClock clock{WallTime{}};
  Balance balance{settings, clock};

  void fail_until_open(std::size_t index) {
    for (int i = 0; i < 200 && balance.healthy() == 2; ++i) {
      auto turn = balance.choose(1 - index);
      ASSERT_TRUE(turn);
      ASSERT_EQ(turn->index(), index);
      turn->report(false);
    }
  }
};

TEST_F(Balanced, failures_in_a_row_open_a_circuit_and_one_probe_closes_it) {
  fail_until_open(0);
  EXPECT_EQ(balance.healthy(), 1U);
  for (int i = 0; i < 20; ++i) {
    auto turn = balance.choose();
    ASSERT_TRUE(turn);
    EXPECT_EQ(turn->index(), 1U);
    turn->report(true);
  }
  clock.advance(10s);
  auto probe = balance.choose();
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->index(), 0U);
  auto other = balance.choose();
  ASSERT_TRUE(other);
  EXPECT_EQ(other->index(), 1U) << "only one probe at a time";
  probe->report(true);
  EXPECT_EQ(balance.healthy(), 2U);
}

TEST_F(Balanced, a_failed_or_forgotten_probe_opens_the_circuit_again) {
  for (const bool forgotten : {false, true}) {
    fail_until_open(0);
    clock.advance(10s);
    {
      auto probe = balance.choose();
      ASSERT_TRUE(probe && probe->index() == 0);
      if (!forgotten) probe->report(false);
    }
    EXPECT_EQ(balance.healthy(), 1U);
    EXPECT_EQ(balance.choose()->index(), 1U);
    clock.advance(10s);
    auto mended = balance.choose();
    mended->report(true);
    EXPECT_EQ(balance.healthy(), 2U);
  }
}

TEST_F(Balanced, a_success_between_failures_keeps_the_circuit_closed) {
  for (int i = 0; i < 10; ++i) balance.choose(1)->report(i % 3 == 2);
  EXPECT_EQ(balance.healthy(), 2U);
}

TEST_F(Balanced, what_active_checks_find_dead_gets_nothing) {
  balance.checked(0, false);
  balance.checked(1, false);
  EXPECT_FALSE(balance.choose());
  balance.checked(1, true);
  EXPECT_EQ(balance.choose()->index(), 1U);
}

TEST_F(Balanced, retries_run_out_and_are_earned_by_requests) {
  int taken = 0;
  while (balance.take_retry()) ++taken;
  EXPECT_EQ(taken, 10);
  for (int i = 0; i < 10; ++i) balance.earn_retry();
  EXPECT_TRUE(balance.take_retry());
  EXPECT_FALSE(balance.take_retry());
}

TEST(behind, gives_the_path_of_the_upstreams_own_urls_only) {
  const UpstreamSettings upstream{.name = "ehr", .addresses = {"https://ehr.example:8443"}, .path = "/fhir"};
  struct Case {
    const char* url;
    const char* path;  // nullptr: not the upstream's
  };
  for (const Case& one :
       {Case{"https://ehr.example:8443/fhir?page=2", "?page=2"},
        Case{"https://ehr.example:8443/fhir/Patient/1", "/Patient/1"}, Case{"/fhir/Patient", "/Patient"},
        Case{"https://ehr.example:8443.evil.example/fhir/x", nullptr},
        Case{"https://ehr.example:84439/fhir/x", nullptr}, Case{"https://other.example/fhir/x", nullptr},
        Case{"http://ehr.example:8443/fhir/x", nullptr}, Case{"https://ehr.example:8443/fhirs/x", nullptr},
        Case{"https://ehr.example:8443/fhir/../x", nullptr}, Case{"https://ehr.example:8443/fhir/x y", nullptr},
        Case{"https://ehr.example:8443/fhir/x#y", nullptr}, Case{"", nullptr}}) {
    const auto path = behind(upstream, one.url);
    EXPECT_EQ(path.value_or("none"), one.path == nullptr ? "none" : one.path) << one.url;
  }
}

TEST(version_number, reads_entity_tags_and_plain_numbers) {
  EXPECT_EQ(version_number("W/\"3\""), 3U);
  EXPECT_EQ(version_number("\"3\""), 3U);
  EXPECT_EQ(version_number("3"), 3U);
  for (const char* text : {"", "W/\"\"", "a", "-1", "3a", "W/\"a3\""}) EXPECT_FALSE(version_number(text)) << text;
}

}  // namespace
}  // namespace ward::door
