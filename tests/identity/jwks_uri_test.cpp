// A client that publishes its keys: RFC 7591 section 2, and OpenID Connect Core section 10.1.1 for new ones.
#include "clinic.hpp"
#include "published_keys.hpp"

namespace ward::identity {
namespace {

using namespace std::chrono_literals;
using crypto::SigningKey;

class JwksUri : public ClinicTest {
 protected:
  void SetUp() override {
    settings.jwks_uri_loopback = true;
    settings.jwks_uri_ca = app.ca();
    ClinicTest::SetUp();
    client = *identity->client("backend");
    client.jwks.clear();
    client.jwks_uri = app.url("/keys");
    ASSERT_TRUE(identity->put_client(client));
  }
  Answer token(const SigningKey& by, const std::string& kid) {
    return post(
        form_with(signed_by(by, R"({"alg":"ES256","kid":")" + kid + "\"}", claims(), crypto::Algorithm::es256)));
  }
  /// "good", or why not.
  std::string ask(const SigningKey& by, const std::string& kid) {
    const Answer answer = token(by, kid);
    return answer.status == 200 ? "good" : answer.event.reason;
  }

  PublishedKeys app;
  OAuthClient client;
};

TEST_F(JwksUri, a_new_key_proves_the_client_after_a_minute_and_the_old_one_no_more) {
  const SigningKey first = app.key, second = SigningKey::generate(SigningKey::Kind::p256);
  EXPECT_EQ(ask(first, "first"), "good");
  app.key = second;
  app.kid = "second";
  EXPECT_EQ(ask(second, "second"), "assertion_jwt_key_unknown") << "asked for, but not each time";
  EXPECT_EQ(app.hits, 1);
  clock.advance(60s);
  EXPECT_EQ(ask(second, "second"), "good");
  EXPECT_EQ(app.hits, 2);
  EXPECT_EQ(ask(first, "first"), "assertion_jwt_key_unknown");
}

TEST_F(JwksUri, a_failing_server_gets_nobody_in_and_is_told_to_nobody) {
  app.broken = true;
  const Answer answer = token(app.key, "first");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(member(answer.body, "error"), "invalid_client");
  EXPECT_EQ(member(answer.body, "error_description"), "client authentication failed");
  EXPECT_EQ(answer.event.reason, "jwks_answer");
}

TEST_F(JwksUri, another_address_ends_the_tokens_that_were_given) {
  const std::string given = member(token(app.key, "first").body, "access_token");
  EXPECT_EQ(check(given), "good");
  client.jwks_uri = app.url("/hour");
  ASSERT_TRUE(identity->put_client(client));
  EXPECT_NE(check(given), "good");
  EXPECT_EQ(ask(app.key, "first"), "good");
}

TEST_F(JwksUri, a_reload_closes_loopback) {
  EXPECT_EQ(ask(app.key, "first"), "good");
  settings.jwks_uri_loopback = false;
  ASSERT_TRUE(identity->reconfigure(settings));
  EXPECT_EQ(ask(app.key, "first"), "jwks_address") << "and what was fetched before is forgotten";
  settings.jwks_uri_loopback = true;
  ASSERT_TRUE(identity->reconfigure(settings));
  EXPECT_EQ(ask(app.key, "first"), "good");
}

TEST_F(JwksUri, is_registered_alone_as_https_and_is_kept) {
  const OAuthClient good = client;
  EXPECT_EQ(parse_client(to_json(good))->jwks_uri, good.jwks_uri);
  client.jwks = crypto::KeySet({crypto::PublicKey::of(key, "k1")}).text();
  EXPECT_EQ(identity->put_client(client).error().code(), "client_invalid") << "RFC 7591 section 2: not both";
  client = good;
  for (const char* bad : {"http://localhost/keys", "https://a@localhost/keys", "https://localhost/#a", "keys"}) {
    client.jwks_uri = bad;
    EXPECT_EQ(identity->put_client(client).error().code(), "client_invalid") << bad;
  }
  client.jwks_uri.clear();
  EXPECT_EQ(identity->put_client(client).error().code(), "client_invalid") << "one of both is needed";
}

}  // namespace
}  // namespace ward::identity
