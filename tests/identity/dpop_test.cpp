// RFC 9449: proofs of possession, one case per check of section 4.3, each beside the proof that passes.
#include "dpop.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "normal_uri.hpp"

#include <gtest/gtest.h>
#include <thread>

namespace ward::identity {
namespace {

using namespace std::chrono_literals;
using crypto::Algorithm;
using crypto::SigningKey;

constexpr std::int64_t start = 1'800'000'000;
constexpr const char* token_endpoint = "https://clinic.example:8443/oauth/token";

std::string compact(const SigningKey& key, const std::string& header, const std::string& claims, Algorithm algorithm) {
  const std::string text = base64url_encode(header) + "." + base64url_encode(claims);
  return text + "." + base64url_encode(crypto::sign(key, algorithm, text));
}

std::string public_jwk(const SigningKey& key) { return crypto::PublicKey::of(key, "").jwk(); }

std::string hash_of(std::string_view token) { return base64url_encode(crypto::view(crypto::sha256(token))); }

class Dpop : public ::testing::Test {
 protected:
  /// A good proof for POST to the token endpoint; members may be replaced by name, or removed with "".
  std::string proof(const std::map<std::string, std::string>& changes = {}) const {
    std::map<std::string, std::string> members{{"jti", json_string(SystemRandom().token(12))},
                                               {"htm", R"("POST")"},
                                               {"htu", json_string(token_endpoint)},
                                               {"iat", std::to_string(start)},
                                               {"nonce", json_string(proofs.nonce(now))}};
    std::string header = R"({"typ":"dpop+jwt","alg":"ES256","jwk":)" + public_jwk(key) + "}";
    for (const auto& [name, value] : changes) {
      if (name == "header")
        header = value;
      else if (value.empty())
        members.erase(name);
      else
        members[name] = value;
    }
    std::string claims;
    for (const auto& [name, value] : members) claims += (claims.empty() ? "{\"" : ",\"") + name + "\":" + value;
    return compact(key, header, claims + "}", Algorithm::es256);
  }
  std::string check(const std::string& text, const DpopRequest& request = {.method = "POST", .url = token_endpoint}) {
    const auto checked = proofs.check(text, request, now);
    return checked ? "good" : std::string(checked.error().code());
  }

  SystemRandom random;
  DpopProofs proofs{random};
  WallTime now{std::chrono::seconds(start)};
  SigningKey key = SigningKey::generate(SigningKey::Kind::p256), other = SigningKey::generate(SigningKey::Kind::p256);
};

TEST_F(Dpop, a_good_proof_names_its_key) {
  const auto checked = proofs.check(proof(), {.method = "POST", .url = token_endpoint}, now);
  ASSERT_TRUE(checked) << checked.error().text();
  EXPECT_EQ(checked->jkt, crypto::PublicKey::of(key, "").thumbprint());
}

TEST_F(Dpop, takes_the_examples_of_the_rfc) {  // sections 4.1 and 7.1, and the thumbprint of section 6.1
  const std::string header =
      "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs"
      "cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2"
      "In19.";
  const std::string at_token_endpoint =
      "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwi"
      "aWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
  const std::string at_resource =
      "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0"
      "ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9."
      "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
  const char* thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  DpopProofs relaxed(random, {.nonce_required = false});
  const WallTime then(std::chrono::seconds(1'562'262'620));
  const auto first =
      relaxed.check(header + at_token_endpoint, {.method = "POST", .url = "https://server.example.com/token"}, then);
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_EQ(first->jkt, thumbprint);
  const auto second = relaxed.check(header + at_resource,
                                    {.method = "GET",
                                     .url = "https://resource.example.org/protectedresource",
                                     .access_token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
                                     .expected_jkt = thumbprint},
                                    then);
  EXPECT_TRUE(second) << second.error().text();
}

TEST_F(Dpop, takes_each_listed_algorithm) {
  struct Case {
    SigningKey::Kind kind;
    Algorithm algorithm;
  };
  const Case cases[] = {{SigningKey::Kind::p256, Algorithm::es256},    {SigningKey::Kind::p384, Algorithm::es384},
                        {SigningKey::Kind::ed25519, Algorithm::eddsa}, {SigningKey::Kind::rsa2048, Algorithm::rs256},
                        {SigningKey::Kind::rsa2048, Algorithm::ps256}, {SigningKey::Kind::rsa2048, Algorithm::ps384}};
  for (const Case& c : cases) {
    const SigningKey own = SigningKey::generate(c.kind);
    const std::string name(crypto::name(c.algorithm));
    const std::string header = R"({"typ":"dpop+jwt","alg":")" + name + R"(","jwk":)" + public_jwk(own) + "}";
    const std::string claims = R"({"jti":"1","htm":"POST","htu":")" + std::string(token_endpoint) + R"(","iat":)" +
                               std::to_string(start) + R"(,"nonce":")" + proofs.nonce(now) + "\"}";
    EXPECT_EQ(check(compact(own, header, claims, c.algorithm)), "good") << name;
    EXPECT_EQ(check(compact(own, header, claims, c.algorithm)), "dpop_replayed") << name;
  }
}

TEST_F(Dpop, headers_are_checked_as_section_4_3_says) {
  const std::string jwk = public_jwk(key);
  const std::string private_jwk = crypto::private_jwk(key, "").reveal();
  auto with = [](std::string_view members) { return "{" + std::string(members) + "}"; };
  const std::string typed = R"("typ":"dpop+jwt",)", es256 = R"("alg":"ES256",)", keyed = R"("jwk":)" + jwk;
  struct Case {
    const char* name;
    std::string header;
    const char* expected;
  };
  const Case cases[] = {
      {"good", with(typed + es256 + keyed), "good"},
      {"good with a kid", with(typed + es256 + keyed + R"(,"kid":"x")"), "good"},
      {"4: no typ", with(es256 + keyed), "dpop_type"},
      {"4: typ JWT", with(R"("typ":"JWT",)" + es256 + keyed), "dpop_type"},
      {"4: typ at+jwt", with(R"("typ":"at+jwt",)" + es256 + keyed), "dpop_type"},
      {"5: none", with(typed + R"("alg":"none",)" + keyed), "dpop_algorithm"},
      {"5: HS256", with(typed + R"("alg":"HS256",)" + keyed), "dpop_algorithm"},
      {"5: no alg", with(typed + keyed), "dpop_algorithm"},
      {"5: an alg that is not the key's", with(typed + R"("alg":"ES384",)" + keyed), "dpop_signature"},
      {"6: no jwk", with(typed + es256 + R"("kid":"x")"), "dpop_key"},
      {"6: jwk a string", with(typed + es256 + R"("jwk":"x")"), "dpop_key"},
      {"6: another key (key swap)", with(typed + es256 + R"("jwk":)" + public_jwk(other)), "dpop_signature"},
      {"6: a symmetric key", with(typed + es256 + R"("jwk":{"kty":"oct","k":"c2VjcmV0"})"), "dpop_key"},
      {"6: a curve that is not ours", with(typed + es256 + R"("jwk":{"kty":"EC","crv":"P-521","x":"AA","y":"AA"})"),
       "dpop_key"},
      {"7: a private key", with(typed + es256 + R"("jwk":)" + private_jwk), "dpop_key"},
      {"jku", with(typed + es256 + keyed + R"(,"jku":"https://evil.example")"), "dpop_header"},
      {"x5c", with(typed + es256 + keyed + R"(,"x5c":[])"), "dpop_header"},
      {"x5u", with(typed + es256 + keyed + R"(,"x5u":"https://evil.example")"), "dpop_header"},
      {"crit", with(typed + es256 + keyed + R"(,"crit":["b64"],"b64":false)"), "dpop_header"},
      {"jwk twice", with(typed + es256 + keyed + "," + keyed), "dpop_malformed"},
  };
  for (const Case& c : cases) EXPECT_EQ(check(proof({{"header", c.header}})), c.expected) << c.name;
}

TEST_F(Dpop, claims_are_checked_as_section_4_3_says) {
  auto text = [](std::string_view value) { return json_string(value); };
  struct Case {
    const char* name;
    const char* claim;
    std::string value;  // JSON; "" leaves the claim out
    const char* expected;
  };
  const Case cases[] = {
      {"3: no jti", "jti", "", "dpop_claims"},
      {"3: jti empty", "jti", R"("")", "dpop_claims"},
      {"3: jti a number", "jti", "1", "dpop_claims"},
      {"3: jti too long", "jti", text(std::string(257, 'a')), "dpop_claims"},
      {"3: no htm", "htm", "", "dpop_claims"},
      {"3: no htu", "htu", "", "dpop_claims"},
      {"3: htu an array", "htu", R"(["https://clinic.example:8443/oauth/token"])", "dpop_claims"},
      {"3: no iat", "iat", "", "dpop_claims"},
      {"3: iat a string", "iat", R"("1800000000")", "dpop_claims"},
      {"8: another method", "htm", R"("GET")", "dpop_htm"},
      {"8: the method in lower case", "htm", R"("post")", "dpop_htm"},
      {"9: another path", "htu", text("https://clinic.example:8443/oauth/par"), "dpop_htu"},
      {"9: a longer path", "htu", text(std::string(token_endpoint) + "/"), "dpop_htu"},
      {"9: another host", "htu", text("https://evil.example:8443/oauth/token"), "dpop_htu"},
      {"9: another port", "htu", text("https://clinic.example/oauth/token"), "dpop_htu"},
      {"9: another scheme", "htu", text("http://clinic.example:8443/oauth/token"), "dpop_htu"},
      {"9: user information", "htu", text("https://clinic.example:8443@evil.example/oauth/token"), "dpop_htu"},
      {"9: relative", "htu", text("/oauth/token"), "dpop_htu"},
      {"9: query and fragment do not count", "htu", text(std::string(token_endpoint) + "?a=b#c"), "good"},
      {"9: normal form counts", "htu", text("HTTPS://Clinic.Example:8443/x/../o%61uth/./token"), "good"},
      {"10: no nonce", "nonce", "", "use_dpop_nonce"},
      {"10: a nonce of nobody", "nonce", text("AAAAAAAAAAAAAAAAAAAAAA"), "use_dpop_nonce"},
      {"10: nonce a number", "nonce", "1", "use_dpop_nonce"},
      {"11: 60 s old", "iat", std::to_string(start - 60), "good"},
      {"11: 61 s old", "iat", std::to_string(start - 61), "dpop_iat"},
      {"11: 5 s ahead", "iat", std::to_string(start + 5), "good"},
      {"11: 6 s ahead", "iat", std::to_string(start + 6), "dpop_iat"},
      {"11: with a fraction", "iat", std::to_string(start) + ".75", "good"},
      {"ath without a token says nothing", "ath", text("x"), "good"},
  };
  for (const Case& c : cases) EXPECT_EQ(check(proof({{c.claim, c.value}})), c.expected) << c.name;
}

TEST_F(Dpop, with_a_token_ath_must_be_its_hash_and_the_key_its_own) {  // 12, section 7.1
  const std::string jkt = crypto::PublicKey::of(key, "").thumbprint();
  const DpopRequest request{
      .method = "GET", .url = "https://clinic.example/fhir/Patient/1", .access_token = "token-a", .expected_jkt = jkt};
  auto with_ath = [&](const std::string& ath) {
    return proof({{"htm", R"("GET")"}, {"htu", R"("https://clinic.example:443/fhir/Patient/1")"}, {"ath", ath}});
  };
  const std::string good = json_string(hash_of("token-a"));
  EXPECT_EQ(check(with_ath(good), request), "good");
  EXPECT_EQ(check(with_ath(""), request), "dpop_ath");
  EXPECT_EQ(check(with_ath(json_string(hash_of("token-b"))), request), "dpop_ath");
  EXPECT_EQ(check(with_ath(json_string(hash_of("token-a") + "=")), request), "dpop_ath");
  DpopRequest bound_elsewhere = request;
  const std::string other_jkt = crypto::PublicKey::of(other, "").thumbprint();
  bound_elsewhere.expected_jkt = other_jkt;
  EXPECT_EQ(check(with_ath(good), bound_elsewhere), "dpop_jkt");
}

TEST_F(Dpop, forms_that_are_no_jwt_are_refused) {
  const std::string good = proof();
  const auto last = good.rfind('.');
  for (const std::string& text :
       {std::string(), std::string("a.b.c"), good + "." + good, good + " ", good.substr(0, last),
        good.substr(0, last + 1), good + "," + good, std::string(9'000, 'A')})
    EXPECT_EQ(check(text), "dpop_malformed") << text.size();
  std::string changed = good;
  changed[last + 10] = changed[last + 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(check(changed), "dpop_signature");
  EXPECT_EQ(check(good), "good") << "failures use nothing up";
}

TEST_F(Dpop, a_proof_is_used_once_by_each_key) {  // section 11.1
  const std::string once = proof({{"jti", R"("same")"}});
  EXPECT_EQ(check(once), "good");
  EXPECT_EQ(check(once), "dpop_replayed");
  EXPECT_EQ(check(proof({{"jti", R"("same")"}, {"iat", std::to_string(start + 1)}})), "dpop_replayed");
  std::swap(key, other);
  EXPECT_EQ(check(proof({{"jti", R"("same")"}})), "good") << "another key's ids are its own";
}

TEST_F(Dpop, of_many_that_race_one_wins) {
  for (int round = 0; round < 20; ++round) {
    const std::string once = proof();
    std::atomic<int> good = 0;
    std::vector<std::thread> racers;
    for (int i = 0; i < 8; ++i) racers.emplace_back([&] { good += check(once) == "good"; });
    for (std::thread& racer : racers) racer.join();
    EXPECT_EQ(good, 1);
  }
}

TEST_F(Dpop, nonces_live_one_to_two_minutes) {  // section 8
  const std::string nonce = json_string(proofs.nonce(now));
  auto after = [&](std::chrono::seconds by) {
    const WallTime then = now;
    now += by;
    const std::string code = check(proof({{"nonce", nonce}, {"iat", std::to_string(start + by.count())}}));
    now = then;
    return code;
  };
  EXPECT_EQ(after(0s), "good");
  EXPECT_EQ(after(59s), "good");
  EXPECT_EQ(after(61s), "good");
  EXPECT_EQ(after(121s), "use_dpop_nonce");
  EXPECT_EQ(after(-61s), "use_dpop_nonce") << "from a clock that was set back";
  EXPECT_NE(proofs.nonce(now), proofs.nonce(now + 61s));
  EXPECT_NE(proofs.nonce(now), DpopProofs(random).nonce(now)) << "of this process only";
}

TEST_F(Dpop, without_required_nonces_one_that_was_sent_still_counts) {
  DpopProofs relaxed(random, {.nonce_required = false});
  const DpopRequest request{.method = "POST", .url = token_endpoint};
  EXPECT_TRUE(relaxed.check(proof({{"nonce", ""}}), request, now));
  EXPECT_TRUE(relaxed.check(proof({{"nonce", json_string(relaxed.nonce(now))}}), request, now));
  EXPECT_TRUE(relaxed.check(proof({{"nonce", R"("old")"}}), request, now).error().is("use_dpop_nonce"));
}

TEST_F(Dpop, a_full_table_refuses_and_a_flood_of_keys_does_not_stop_those_with_tokens) {
  DpopProofs small(random, {.nonce_required = false, .entries_max = 3, .per_key_max = 2});
  const DpopRequest at_token_endpoint{.method = "POST", .url = token_endpoint};
  DpopRequest with_token = at_token_endpoint;
  with_token.access_token = "token";
  auto code = [&](const DpopRequest& request) {
    const auto checked = small.check(proof({{"nonce", ""}, {"ath", json_string(hash_of("token"))}}), request, now);
    return checked ? "good" : std::string(checked.error().code());
  };
  EXPECT_EQ(code(at_token_endpoint), "good");
  EXPECT_EQ(code(at_token_endpoint), "good");
  EXPECT_EQ(code(at_token_endpoint), "dpop_full") << "one key's share";
  std::swap(key, other);
  EXPECT_EQ(code(at_token_endpoint), "good");
  EXPECT_EQ(code(at_token_endpoint), "dpop_full") << "all keys' share";
  EXPECT_EQ(code(with_token), "good");
}

TEST_F(Dpop, a_proof_is_remembered_for_as_long_as_it_would_be_taken) {
  DpopProofs relaxed(random, {.nonce_required = false, .entries_max = 1, .per_key_max = 1});
  const DpopRequest request{.method = "POST", .url = token_endpoint};
  const std::string early = proof({{"nonce", ""}, {"iat", std::to_string(start + 5)}});
  ASSERT_TRUE(relaxed.check(early, request, now));
  EXPECT_TRUE(relaxed.check(early, request, now + 65s).error().is("dpop_replayed"));
  EXPECT_TRUE(relaxed.check(early, request, now + 66s).error().is("dpop_iat"));
  const std::string later = proof({{"nonce", ""}, {"iat", std::to_string(start + 66)}});
  EXPECT_TRUE(relaxed.check(later, request, now + 66s)) << "its place is free again";
}

TEST_F(Dpop, messages_hold_nothing_of_the_proof_and_fit_error_description) {  // RFC 6749 section 5.2
  const std::string marked = R"("marked\"\\x")";
  for (const char* claim : {"htm", "htu", "nonce", "iat", "jti"}) {
    const auto checked = proofs.check(proof({{claim, marked}}), {.method = "POST", .url = token_endpoint}, now);
    if (checked) continue;
    EXPECT_EQ(checked.error().text().find("marked"), std::string::npos) << claim;
    EXPECT_EQ(checked.error().text().find_first_of("\"\\"), std::string::npos) << claim;
  }
}

TEST(NormalUri, is_that_of_rfc_3986_section_6_2) {
  struct Case {
    const char* uri;
    const char* expected;  // "" none
  };
  const Case cases[] = {
      {"https://a.example", "https://a.example/"},
      {"https://a.example/", "https://a.example/"},
      {"HTTPS://A.Example:443/B", "https://a.example/B"},
      {"http://a.example:80/", "http://a.example/"},
      {"https://a.example:80/", "https://a.example:80/"},
      {"https://a.example:/", "https://a.example/"},
      {"https://[2001:DB8::1]/x", "https://[2001:db8::1]/x"},
      {"https://[2001:db8::1]:443/x", "https://[2001:db8::1]/x"},
      {"https://a.example/%7euser/%2f%C3%bf", "https://a.example/~user/%2F%C3%BF"},
      {"https://a.example/a/./b/../c", "https://a.example/a/c"},
      {"https://a.example/a/%2e%2E/c", "https://a.example/c"},
      {"https://a.example/../../c", "https://a.example/c"},
      {"https://a.example/a/..", "https://a.example/"},
      {"https://a.example/a/b/..", "https://a.example/a/"},
      {"https://a.example/a/.", "https://a.example/a/"},
      {"https://a.example/a//b", "https://a.example/a//b"},
      {"https://a.example/a/", "https://a.example/a/"},
      {"https://a.example/a?b=/../#c", "https://a.example/a"},
      {"https://a.example?b", "https://a.example/"},
      {"https://a.example#b", "https://a.example/"},
      {"", ""},
      {"https://", ""},
      {"https:///a", ""},
      {"https://:443/a", ""},
      {"://a.example/", ""},
      {"https:a.example", ""},
      {"/a", ""},
      {"https://u@a.example/", ""},
      {"https://a%2eexample/", ""},
      {"https://a.example/%", ""},
      {"https://a.example/%4", ""},
      {"https://a.example/%zz", ""},
      {"https://a.example/a b", ""},
      {"https://a.example\\b", ""},
      {"https://a.example/\xc3\xbf", ""},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(normal_uri(c.uri).value_or(""), c.expected) << c.uri;
    if (*c.expected != '\0') {
      EXPECT_EQ(normal_uri(c.expected).value_or(""), c.expected);
    }
  }
}

}  // namespace
}  // namespace ward::identity
