// jwks_uri: where keys may come from, and how often they are fetched.
#include "key_fetch.hpp"

#include "public_address.hpp"
#include "published_keys.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

namespace ward::identity {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Keys = Result<crypto::KeySet>;
using Want = KeyFetch::Want;

TEST(PublicAddress, is_what_rfc_6890_leaves) {
  struct Case {
    const char* address;
    bool is_public;
  };
  const Case cases[] = {
      {"8.8.8.8", true},
      {"1.1.1.1", true},
      {"9.255.255.255", true},
      {"11.0.0.0", true},
      {"100.63.255.255", true},
      {"100.128.0.0", true},
      {"126.255.255.255", true},
      {"128.0.0.1", true},
      {"172.15.255.255", true},
      {"172.32.0.0", true},
      {"192.0.1.0", true},
      {"192.169.0.0", true},
      {"198.17.255.255", true},
      {"198.20.0.0", true},
      {"223.255.255.255", true},
      {"168.63.129.17", true},
      {"0.0.0.0", false},
      {"0.1.2.3", false},
      {"10.0.0.1", false},
      {"10.255.255.255", false},
      {"100.64.0.0", false},
      {"100.100.100.200", false},
      {"100.127.255.255", false},
      {"127.0.0.1", false},
      {"127.255.255.255", false},
      {"169.254.0.1", false},
      {"169.254.169.254", false},
      {"172.16.0.1", false},
      {"172.31.255.255", false},
      {"192.0.0.192", false},
      {"192.0.2.1", false},
      {"192.88.99.1", false},
      {"192.168.0.1", false},
      {"198.18.0.1", false},
      {"198.19.255.255", false},
      {"198.51.100.1", false},
      {"203.0.113.1", false},
      {"224.0.0.1", false},
      {"239.255.255.255", false},
      {"240.0.0.1", false},
      {"255.255.255.255", false},
      {"168.63.129.16", false},
      {"2606:4700::1111", true},
      {"2a00:1450::1", true},
      {"2400::1", true},
      {"2001:200::1", true},
      {"::", false},
      {"::1", false},
      {"::8.8.8.8", false},
      {"::ffff:8.8.8.8", false},
      {"::ffff:127.0.0.1", false},
      {"::ffff:10.0.0.1", false},
      {"64:ff9b::8.8.8.8", true},
      {"64:ff9b::10.0.0.1", false},
      {"64:ff9b::169.254.169.254", false},
      {"64:ff9b:1::8.8.8.8", false},
      {"100::1", false},
      {"2001::1", false},
      {"2001:1ff::1", false},
      {"2001:db8::1", false},
      {"2002:808:808::1", false},
      {"3fff::1", false},
      {"4000::1", false},
      {"fc00::1", false},
      {"fd00:ec2::254", false},
      {"fe80::1", false},
      {"fec0::1", false},
      {"ff02::1", false},
  };
  for (const Case& c : cases) EXPECT_EQ(is_public_address(asio::ip::make_address(c.address)), c.is_public) << c.address;
}

TEST(KeyFetch, takes_only_https_urls) {
  for (const char* good : {"https://app.example/jwks", "https://app.example", "https://app.example:8443?a=b",
                           "HTTPS://app.example/jwks", "https://[2001:db8::1]/jwks"})
    EXPECT_TRUE(KeyFetch::check_uri(good)) << good;
  const std::string long_one = "https://app.example/" + std::string(1'100, 'a');
  for (const std::string& bad :
       {std::string(), std::string("http://app.example/jwks"), std::string("https://"), std::string("https:///jwks"),
        std::string("https://user@app.example/"), std::string("https://app.example/#a"), std::string("file:///jwks"),
        std::string("https://app.example/a b"), std::string("https://app.example\\@evil.example/"),
        std::string("https://app.example/\r\nx: y"), std::string("https://\xc3\xa4.example/"), long_one})
    EXPECT_EQ(KeyFetch::check_uri(bad).error().code(), "jwks_uri") << bad;
}

class KeyFetchTest : public ::testing::Test, protected PublishedKeys {
 protected:
  std::vector<Keys> ask_all(const std::vector<std::string>& uris, Want want = Want::any) {
    std::vector<std::optional<Keys>> found(uris.size());
    asio::io_context io;
    for (std::size_t i = 0; i < uris.size(); ++i)
      asio::co_spawn(io, fetch->keys(uris[i], want), [&found, i](const std::exception_ptr& thrown, Keys keys) {
        EXPECT_FALSE(thrown);
        found[i].emplace(std::move(keys));
      });
    io.run_for(10s);
    std::vector<Keys> all;
    for (auto& one : found) all.push_back(one ? std::move(*one) : fail("test", "no answer"));
    return all;
  }
  /// The first key's id, or the error's code.
  std::string ask(const std::string& uri, Want want = Want::any) {
    const Keys keys = ask_all({uri}, want).front();
    return keys ? keys->keys().front().id() : std::string(keys.error().code());
  }

  SimulatedClock clock{WallTime(std::chrono::seconds(1'800'000'000))};
  std::unique_ptr<KeyFetch> fetch =
      std::make_unique<KeyFetch>(KeyFetch::Options{.allow_loopback = true, .ca = ca()}, clock);
};

TEST_F(KeyFetchTest, keys_are_kept_for_five_minutes_or_as_their_server_says) {
  struct Case {
    const char* path;
    std::chrono::seconds kept, fetched_again;
  };
  for (const Case& c : {Case{"/keys", 299s, 301s}, Case{"/now", 299s, 301s}, Case{"/hour", 3'599s, 3'601s}}) {
    hits = 0;
    EXPECT_EQ(ask(url(c.path)), "first") << c.path;
    clock.advance(c.kept);
    EXPECT_EQ(ask(url(c.path)), "first") << c.path;
    EXPECT_EQ(hits, 1) << c.path;
    clock.advance(c.fetched_again - c.kept);
    EXPECT_EQ(ask(url(c.path)), "first") << c.path;
    EXPECT_EQ(hits, 2) << c.path;
  }
}

TEST_F(KeyFetchTest, an_unknown_kid_asks_again_but_not_each_time) {
  EXPECT_EQ(ask(url("/keys")), "first");
  kid = "second";
  EXPECT_EQ(ask(url("/keys"), Want::newer), "first") << "a minute must pass";
  clock.advance(60s);
  EXPECT_EQ(ask(url("/keys"), Want::newer), "second");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(url("/keys"), Want::newer), "second");
  EXPECT_EQ(hits, 2);
}

TEST_F(KeyFetchTest, those_who_ask_at_once_share_one_fetch) {
  const std::vector<Keys> all = ask_all(std::vector<std::string>(10, url("/short")));
  for (const Keys& keys : all) EXPECT_TRUE(keys);
  EXPECT_EQ(hits, 1);
}

TEST_F(KeyFetchTest, too_many_at_once_are_refused) {
  std::vector<std::string> uris;
  for (int i = 0; i < 20; ++i) uris.push_back(url("/slow?" + std::to_string(i)));
  std::size_t busy = 0;
  for (const Keys& keys : ask_all(uris)) busy += !keys && keys.error().is("jwks_busy") ? 1 : 0;
  EXPECT_EQ(busy, 20 - KeyFetch::fetches_max);
}

TEST_F(KeyFetchTest, a_failing_server_is_asked_once_a_minute_and_its_keys_serve_for_an_hour) {
  EXPECT_EQ(ask(url("/keys")), "first");
  broken = true;
  clock.advance(301s);
  EXPECT_EQ(ask(url("/keys")), "first");
  EXPECT_EQ(ask(url("/keys")), "first");
  EXPECT_EQ(hits, 2);
  clock.advance(3'300s);
  EXPECT_EQ(ask(url("/keys")), "jwks_answer");
  EXPECT_EQ(ask(url("/keys")), "jwks_answer");
  EXPECT_EQ(hits, 3);
  broken = false;
  clock.advance(60s);
  EXPECT_EQ(ask(url("/keys")), "first");
}

TEST_F(KeyFetchTest, only_a_key_set_in_a_plain_answer_in_time_counts) {
  EXPECT_EQ(ask(url("/moved")), "jwks_answer");
  EXPECT_EQ(hits, 1) << "redirects are not followed";
  EXPECT_EQ(ask(url("/large")), "jwks_unreachable");
  EXPECT_EQ(ask(url("/symmetric")), "jwks_answer");
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(url("/slow")), "jwks_unreachable");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
  EXPECT_EQ(ask("https://localhost:1/keys"), "jwks_unreachable");
  EXPECT_EQ(ask("https://app.invalid/keys"), "jwks_unreachable");
  EXPECT_EQ(ask("http://localhost/keys"), "jwks_uri");
  EXPECT_EQ(ask("https://localhost:99999/keys"), "jwks_uri");
}

TEST_F(KeyFetchTest, the_name_is_verified) {
  EXPECT_EQ(ask("https://127.0.0.1:" + std::to_string(port) + "/keys"), "jwks_unreachable");
  EXPECT_EQ(hits, 0);
}

TEST_F(KeyFetchTest, addresses_that_are_not_public_are_never_connected_to) {
  fetch = std::make_unique<KeyFetch>(KeyFetch::Options{.ca = ca()}, clock);
  for (const std::string& uri :
       {url("/keys"), "https://127.0.0.1:" + std::to_string(port) + "/keys",
        "https://[::ffff:127.0.0.1]:" + std::to_string(port) + "/keys", std::string("https://10.0.0.1/keys"),
        std::string("https://169.254.169.254/latest/meta-data/"), std::string("https://[::1]/keys")})
    EXPECT_EQ(ask(uri), "jwks_address") << uri;
  EXPECT_EQ(hits, 0);
}

TEST_F(KeyFetchTest, remembers_a_bounded_number) {
  fetch = std::make_unique<KeyFetch>(KeyFetch::Options{.allow_loopback = true, .ca = ca(), .entries_max = 2}, clock);
  for (const char* path : {"/a", "/b", "/c", "/b", "/c"}) {
    clock.advance(1s);
    EXPECT_EQ(ask(url(path)), "first");
  }
  EXPECT_EQ(hits, 3);
  EXPECT_EQ(ask(url("/a")), "first");
  EXPECT_EQ(hits, 4);
}

}  // namespace
}  // namespace ward::identity
