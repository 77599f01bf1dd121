// What the pages stand on: redirect URIs, cookies, sealed flows, the guard of sign-in, refresh tokens.
#include "clinic.hpp"

#include "cookies.hpp"
#include "flow.hpp"
#include "records.hpp"
#include "sign_in_guard.hpp"
#include "token/refresh_token.hpp"

namespace ward::identity {
namespace {

// RFC 9700 section 4.1, RFC 8252 section 7.
TEST(RedirectUri, may_be_registered_only_where_an_answer_is_safe) {
  for (const char* good : {"https://app.example/back", "https://app.example:8443/back?x=1", "http://127.0.0.1/back",
                           "http://127.0.0.1:5173/back", "http://[::1]/back", "com.example.app:/back"})
    EXPECT_TRUE(is_redirect_uri(good)) << good;
  for (const char* bad : {"", "http://app.example/back", "https://", "https://app.example/back#part",
                          "https://a@app.example/", "https://app.example/a/../b", "https://app.example/%2e%2e/b",
                          "javascript:alert(1)", "data:text/html,x", "http://127.0.0.1.evil.example/",
                          "http://localhost/back", "https://app.example/ back", "http://127.0.0.1:port/", "app:/back"})
    EXPECT_FALSE(is_redirect_uri(bad)) << bad;
}

TEST(RedirectUri, is_compared_byte_by_byte_but_for_a_loopback_port) {
  EXPECT_TRUE(same_redirect_uri("https://app.example/back", "https://app.example/back"));
  EXPECT_TRUE(same_redirect_uri("http://127.0.0.1/back", "http://127.0.0.1:8765/back"));
  EXPECT_TRUE(same_redirect_uri("http://[::1]:1/back", "http://[::1]:2/back"));
  for (const auto& [registered, asked] :
       {std::pair("https://app.example/back", "https://app.example/back/"),
        std::pair("https://app.example/back", "https://app.example/Back"),
        std::pair("https://app.example/back", "https://app.example/back?x=1"),
        std::pair("https://app.example/back", "https://app.example:443/back"),
        std::pair("https://app.example/back", "https://app.example.evil.example/back"),
        std::pair("http://127.0.0.1/back", "http://127.0.0.1.evil.example/back"),
        std::pair("http://127.0.0.1/back", "http://127.0.0.1:80@evil.example/back"),
        std::pair("http://127.0.0.1/back", "http://[::1]/back"),
        std::pair("http://127.0.0.1/back", "http://127.0.0.1:8765/other")})
    EXPECT_FALSE(same_redirect_uri(registered, asked)) << registered << " " << asked;
}

TEST(Cookies, one_of_ours_counts_and_two_do_not) {
  const std::string value(43, 'a'), other(43, 'b');
  const std::string ours = "__Host-ward-session=" + value;
  EXPECT_EQ(find_cookie(ours, session_cookie), value);
  EXPECT_EQ(find_cookie("x=1; " + ours + "; y=2", session_cookie), value);
  EXPECT_FALSE(find_cookie(ours + "; __Host-ward-session=" + other, session_cookie)) << "cookie tossing";
  EXPECT_FALSE(find_cookie("ward-session=" + value, session_cookie));
  EXPECT_FALSE(find_cookie("__Host-ward-session=short", session_cookie));
  EXPECT_FALSE(find_cookie("__Host-ward-session=" + std::string(42, 'a') + "%", session_cookie));
  EXPECT_FALSE(find_cookie("", session_cookie));
}

TEST(FlowSeal, comes_back_whole_to_its_browser_and_in_time) {
  const Secret<std::string> key(std::string(64, 'k')), other(std::string(64, 'o'));
  Flow flow{.client_id = "app",
            .redirect_uri = "https://app.example/back",
            .response_mode = "query",
            .state = "s \"1\"",
            .scope = "openid",
            .max_age = 0,
            .prompt_login = true,
            .created = 1'000,
            .browser = "b1"};
  const std::string sealed = seal_flow(flow, key);
  const auto opened = open_flow(sealed, key, "b1", 2'000);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->state, flow.state);
  EXPECT_EQ(opened->max_age, 0);
  EXPECT_TRUE(opened->prompt_login);
  EXPECT_TRUE(open_flow(sealed, key, "b2", 2'000).error().is("flow_browser"));
  EXPECT_TRUE(open_flow(sealed, key, "b1", 1'001 + flow_lifetime_ms).error().is("flow_expired"));
  EXPECT_TRUE(open_flow(sealed, other, "b1", 2'000).error().is("flow_unsealable"));
  for (std::size_t i = 0; i < sealed.size(); i += 7) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(open_flow(changed, key, "b1", 2'000)) << i;
  }
}

// identity.md, "Failures".
TEST(SignInGuard, slows_then_pauses_and_a_known_device_counts_by_itself) {
  SignInGuard guard;
  std::chrono::milliseconds last{0};
  for (unsigned i = 0; i < SignInGuard::failures_max; ++i) {
    const auto charge = guard.charge("dora", "", 100);
    EXPECT_FALSE(charge.paused) << i;
    EXPECT_GE(charge.delay, last);
    EXPECT_EQ(charge.began, i + 1 == SignInGuard::failures_max);
    last = charge.delay;
  }
  EXPECT_GT(last.count(), 1000);
  EXPECT_TRUE(guard.charge("dora", "", 101).paused);
  EXPECT_FALSE(guard.charge("dora", "known browser", 101).paused);
  EXPECT_FALSE(guard.charge("paul", "", 101).paused);
  EXPECT_FALSE(guard.charge("dora", "", 101 + SignInGuard::pause_seconds).paused);
}

TEST(SignInGuard, what_was_right_is_given_back) {
  SignInGuard guard;
  for (int i = 0; i < 50; ++i) {
    const auto charge = guard.charge("dora", "", 100 + i);
    EXPECT_FALSE(charge.paused);
    guard.refund("dora", "", charge);
  }
}

TEST(SignInGuard, a_try_that_nobody_looked_at_begins_no_pause_and_ends_none_of_another) {
  SignInGuard guard;
  SignInGuard::Charge last;
  for (unsigned i = 0; i < SignInGuard::failures_max; ++i) last = guard.charge("dora", "", 100);
  ASSERT_TRUE(last.began);
  guard.refund("dora", "", SignInGuard::Charge{});
  EXPECT_TRUE(guard.charge("dora", "", 101).paused);
  guard.refund("dora", "", last);
  const auto again = guard.charge("dora", "", 102);
  EXPECT_FALSE(again.paused);
  EXPECT_TRUE(again.began) << "nine failures are still counted";
}

TEST(RefreshToken, says_which_it_is_to_us_alone) {
  SystemRandom random;
  const Secret<std::string> key(std::string(64, 'k')), other(std::string(64, 'o'));
  const std::string token = make_refresh_token({"agreement-1", 7}, key, random);
  const auto read = read_refresh_token(token, key);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->agreement, "agreement-1");
  EXPECT_EQ(read->number, 7U);
  EXPECT_FALSE(read_refresh_token(token, other));
  EXPECT_FALSE(read_refresh_token(token.substr(1), key));
  EXPECT_NE(make_refresh_token({"agreement-1", 7}, key, random), token);
  EXPECT_EQ(open_successor(token, seal_successor(token, "next")), "next");
  EXPECT_FALSE(open_successor(make_refresh_token({"agreement-1", 7}, key, random), seal_successor(token, "next")));
}

}  // namespace
}  // namespace ward::identity
