#include "base/encoding.hpp"
#include "crypto/jose.hpp"
#include "jose_vectors.hpp"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

using namespace std::chrono_literals;

KeySet keys(const char* jwk) { return KeySet({PublicKey::from_jwk(jwk).value()}); }

std::string compact(std::string_view header, std::string_view payload, std::string_view signature = "c2ln") {
  return base64url_encode(header) + "." + base64url_encode(payload) + "." + std::string(signature);
}

TEST(Jws, verifies_the_examples_of_the_rfcs) {
  struct Case {
    const char* name;
    const char* key;
    const char* token;
    const char* starts;
  };
  const Case cases[] = {
      {"RFC 7515 A.2 RS256", vectors::rsa_key, vectors::rsa_token, "{\"iss\":\"joe\""},
      {"RFC 7515 A.3 ES256", vectors::ec_key, vectors::ec_token, "{\"iss\":\"joe\""},
      {"RFC 8037 A.5 EdDSA", vectors::okp_key, vectors::okp_jws, "Example of Ed25519 signing"},
      {"RFC 7520 4.1 RS256", vectors::hobbit_key, vectors::hobbit_rs256, "It\xe2\x80\x99s a dangerous business"},
      {"RFC 7520 4.2 PS384", vectors::hobbit_key, vectors::hobbit_ps384, "It\xe2\x80\x99s a dangerous business"},
  };
  for (const Case& c : cases) {
    const auto payload = verify_jws(c.token, keys(c.key));
    ASSERT_TRUE(payload) << c.name << ": " << payload.error().text();
    EXPECT_TRUE(payload->starts_with(c.starts)) << c.name;
    std::string changed = c.token;
    char& letter = changed[changed.rfind('.') + 10];
    letter = letter == 'A' ? 'B' : 'A';
    EXPECT_TRUE(verify_jws(changed, keys(c.key)).error().is("jwt_signature")) << c.name;
  }
}

TEST(Jws, signs_as_rfc_8037_does) {
  const auto key = signing_key_from_jwk(Secret<std::string>(vectors::okp_private_key)).value();
  const std::string token = vectors::okp_jws;
  const auto dot = token.rfind('.');
  EXPECT_EQ(base64url_encode(sign(key, Algorithm::eddsa, token.substr(0, dot))), token.substr(dot + 1));
}

TEST(Jwt, refuses_headers_and_forms_before_looking_at_the_signature) {
  struct Case {
    const char* name;
    std::string token;
    const char* code;
  };
  const std::string good = R"({"alg":"ES256"})";
  const Case cases[] = {
      {"empty", "", "jwt_malformed"},
      {"one part", "e30", "jwt_malformed"},
      {"two parts", "e30.e30", "jwt_malformed"},
      {"four parts", "e30.e30.c2ln.c2ln", "jwt_malformed"},
      {"five parts, as encrypted", "e30.e30.c2ln.c2ln.c2ln", "jwt_malformed"},
      {"no signature", compact(good, "{}", ""), "jwt_malformed"},
      {"padding", base64url_encode(good) + "=.e30.c2ln", "jwt_malformed"},
      {"white space", base64url_encode(good) + ".e30.c2ln\n", "jwt_malformed"},
      {"unused bits set", base64url_encode(good) + ".e31.c2ln", "jwt_malformed"},
      {"the other alphabet", base64url_encode(good) + ".e30.c+/n", "jwt_malformed"},
      {"header no JSON", compact("{", "{}"), "jwt_malformed"},
      {"header an array", compact("[]", "{}"), "jwt_malformed"},
      {"alg twice", compact(R"({"alg":"none","alg":"ES256"})", "{}"), "jwt_malformed"},
      {"alg twice, once escaped", compact(R"({"alg":"ES256","\u0061lg":"ES256"})", "{}"), "jwt_malformed"},
      {"no alg", compact("{}", "{}"), "jwt_algorithm"},
      {"alg none (RFC 8725 3.2)", compact(R"({"alg":"none"})", "{}"), "jwt_algorithm"},
      {"alg None", compact(R"({"alg":"None"})", "{}"), "jwt_algorithm"},
      {"alg HS256 (RFC 8725 2.1)", compact(R"({"alg":"HS256"})", "{}"), "jwt_algorithm"},
      {"alg ES512", compact(R"({"alg":"ES512"})", "{}"), "jwt_algorithm"},
      {"alg es256", compact(R"({"alg":"es256"})", "{}"), "jwt_algorithm"},
      {"alg a number", compact(R"({"alg":256})", "{}"), "jwt_malformed"},
      {"kid a number", compact(R"({"alg":"ES256","kid":1})", "{}"), "jwt_malformed"},
      {"jku (RFC 7515 4.1.2)", compact(R"({"alg":"ES256","jku":"https://evil.example"})", "{}"), "jwt_header"},
      {"jwk (4.1.3)", compact(R"({"alg":"ES256","jwk":{}})", "{}"), "jwt_header"},
      {"x5u (4.1.5)", compact(R"({"alg":"ES256","x5u":"https://evil.example"})", "{}"), "jwt_header"},
      {"x5c (4.1.6)", compact(R"({"alg":"ES256","x5c":[]})", "{}"), "jwt_header"},
      {"crit (4.1.11)", compact(R"({"alg":"ES256","crit":["b64"],"b64":false})", "{}"), "jwt_header"},
      {"claims no JSON", compact(good, "{"), "jwt_malformed"},
      {"claims an array", compact(good, "[]"), "jwt_malformed"},
      {"a claim twice (RFC 7519 4)", compact(good, R"({"sub":"a","sub":"b"})"), "jwt_malformed"},
      {"claims not UTF-8", compact(good, "{\"sub\":\"\xff\"}"), "jwt_malformed"},
      {"too large", compact(good, "{}", std::string(17'000, 'A')), "jwt_malformed"},
  };
  for (const Case& c : cases) {
    const auto token = UnverifiedJwt::parse(c.token);
    ASSERT_FALSE(token) << c.name;
    EXPECT_EQ(token.error().code(), c.code) << c.name;
  }
  EXPECT_TRUE(UnverifiedJwt::parse(compact(R"({"alg":"ES256","kid":"a","typ":"JWT","other":{"x":1}})", "{}")));
}

TEST(Jwt, is_verified_only_by_the_key_that_it_names) {
  const SigningKey one = SigningKey::generate(SigningKey::Kind::p256),
                   other = SigningKey::generate(SigningKey::Kind::p256);
  const KeySet set({PublicKey::of(one, "one"), PublicKey::of(other, "other")});
  auto verify = [&](const std::string& token, const KeySet& with) {
    auto parsed = UnverifiedJwt::parse(token);
    EXPECT_TRUE(parsed);
    auto verified = std::move(*parsed).verify(with);
    return verified ? std::string("good") : std::string(verified.error().code());
  };
  auto token = [](const SigningKey& key, std::string_view id) {
    return make_jwt(key, Algorithm::es256, id, "JWT", R"({"sub":"a"})");
  };
  EXPECT_EQ(verify(token(one, "one"), set), "good");
  EXPECT_EQ(verify(token(other, ""), set), "good");
  EXPECT_EQ(verify(token(one, "other"), set), "jwt_signature");
  EXPECT_EQ(verify(token(one, "third"), set), "jwt_key_unknown");
  EXPECT_EQ(verify(token(one, "one"), KeySet()), "jwt_key_unknown");
  EXPECT_EQ(verify(token(one, "one"), set.only({Algorithm::rs256})), "jwt_key_unknown");
  const SigningKey third = SigningKey::generate(SigningKey::Kind::p256);
  EXPECT_EQ(verify(token(third, ""), set), "jwt_signature");
}

TEST(DpopJwt, is_verified_by_the_key_in_its_header_and_never_taken_for_a_token) {  // RFC 9449 4.3
  const SigningKey key = SigningKey::generate(SigningKey::Kind::p256);
  const PublicKey known = PublicKey::of(key, "k");
  auto make = [&](const std::string& header) {
    const std::string text = base64url_encode(header) + "." + base64url_encode(R"({"jti":"1"})");
    return text + "." + base64url_encode(sign(key, Algorithm::es256, text));
  };
  const std::string proof = make(R"({"typ":"dpop+jwt","alg":"ES256","kid":"k","jwk":)" + known.jwk() + "}");
  const auto verified = DpopJwt::verify(proof, Algorithms::all());
  ASSERT_TRUE(verified) << verified.error().text();
  EXPECT_EQ(verified->key.thumbprint(), known.thumbprint());
  EXPECT_EQ(verified->claims.claim("jti"), "1");
  EXPECT_TRUE(DpopJwt::verify(proof, {Algorithm::eddsa}).error().is("jwt_algorithm"));
  EXPECT_TRUE(UnverifiedJwt::parse(proof).error().is("jwt_header"));
  EXPECT_TRUE(verify_jws(proof, KeySet({known})).error().is("jwt_header"));

  const std::string token = make_jwt(key, Algorithm::es256, "k", "at+jwt", R"({"jti":"1"})");
  EXPECT_TRUE(UnverifiedJwt::parse(token));
  EXPECT_TRUE(DpopJwt::verify(token, Algorithms::all()).error().is("jwt_type"));
  const std::string typed = make_jwt(key, Algorithm::es256, "k", "dpop+jwt", R"({"jti":"1"})");
  EXPECT_TRUE(DpopJwt::verify(typed, Algorithms::all()).error().is("jwk_invalid")) << "without a key";
}

class Claims : public ::testing::Test {
 protected:
  std::string check(std::string_view claims, const ClaimRules& rules, std::string_view type = "JWT") {
    auto parsed = UnverifiedJwt::parse(make_jwt(key, Algorithm::eddsa, "", type, claims));
    if (!parsed) return std::string(parsed.error().code());
    auto token = std::move(*parsed).verify(KeySet({PublicKey::of(key, "")}));
    if (!token) return std::string(token.error().code());
    auto checked = token->check(rules, WallTime(1'000'000s));
    return checked ? "good" : std::string(checked.error().code());
  }
  SigningKey key = SigningKey::generate(SigningKey::Kind::ed25519);
};

TEST_F(Claims, are_checked_as_rfc_7519_section_4_1_says) {
  const ClaimRules rules{.issuer = "me",
                         .audiences = {"you", "he"},
                         .skew = 5s,
                         .lifetime_max = 300s,
                         .issued_at = true,
                         .token_id = true};
  struct Case {
    const char* name;
    const char* claims;
    const char* expected;
  };
  const Case cases[] = {
      {"all good", R"({"iss":"me","aud":"you","exp":1000100,"iat":1000000,"jti":"1"})", "good"},
      {"aud in an array", R"({"iss":"me","aud":["x","he"],"exp":1000100,"iat":1000000,"jti":"1","nbf":1000000})",
       "good"},
      {"a fraction of a second", R"({"iss":"me","aud":"you","exp":1000100.5,"iat":999999.25,"jti":"1"})", "good"},
      {"expired within the skew", R"({"iss":"me","aud":"you","exp":999996,"iat":999000,"jti":"1"})", "good"},
      {"expired", R"({"iss":"me","aud":"you","exp":999995,"iat":999000,"jti":"1"})", "jwt_expired"},
      {"no exp", R"({"iss":"me","aud":"you","iat":1000000,"jti":"1"})", "jwt_claim"},
      {"exp a string", R"({"iss":"me","aud":"you","exp":"1000100","iat":1000000,"jti":"1"})", "jwt_claim"},
      {"exp negative", R"({"iss":"me","aud":"you","exp":-1,"iat":1000000,"jti":"1"})", "jwt_claim"},
      {"exp beyond all time", R"({"iss":"me","aud":"you","exp":1e300,"iat":1000000,"jti":"1"})", "jwt_claim"},
      {"exp too far ahead", R"({"iss":"me","aud":"you","exp":1000306,"iat":1000000,"jti":"1"})", "jwt_lifetime"},
      {"exp at the limit", R"({"iss":"me","aud":"you","exp":1000305,"iat":1000000,"jti":"1"})", "good"},
      {"nbf ahead", R"({"iss":"me","aud":"you","exp":1000100,"nbf":1000006,"iat":1000000,"jti":"1"})", "jwt_not_yet"},
      {"nbf within the skew", R"({"iss":"me","aud":"you","exp":1000100,"nbf":1000005,"iat":1000000,"jti":"1"})",
       "good"},
      {"iat ahead", R"({"iss":"me","aud":"you","exp":1000100,"iat":1000006,"jti":"1"})", "jwt_not_yet"},
      {"no iat", R"({"iss":"me","aud":"you","exp":1000100,"jti":"1"})", "jwt_claim"},
      {"no jti", R"({"iss":"me","aud":"you","exp":1000100,"iat":1000000})", "jwt_claim"},
      {"jti a number", R"({"iss":"me","aud":"you","exp":1000100,"iat":1000000,"jti":1})", "jwt_claim"},
      {"another issuer", R"({"iss":"her","aud":"you","exp":1000100,"iat":1000000,"jti":"1"})", "jwt_issuer"},
      {"no issuer", R"({"aud":"you","exp":1000100,"iat":1000000,"jti":"1"})", "jwt_issuer"},
      {"issuer an array", R"({"iss":["me"],"aud":"you","exp":1000100,"iat":1000000,"jti":"1"})", "jwt_issuer"},
      {"another audience", R"({"iss":"me","aud":"them","exp":1000100,"iat":1000000,"jti":"1"})", "jwt_audience"},
      {"an audience that begins alike", R"({"iss":"me","aud":"you/","exp":1000100,"iat":1000000,"jti":"1"})",
       "jwt_audience"},
      {"no audience", R"({"iss":"me","exp":1000100,"iat":1000000,"jti":"1"})", "jwt_claim"},
      {"an empty audience", R"({"iss":"me","aud":[],"exp":1000100,"iat":1000000,"jti":"1"})", "jwt_audience"},
      {"an audience with a number", R"({"iss":"me","aud":["you",1],"exp":1000100,"iat":1000000,"jti":"1"})",
       "jwt_claim"},
      {"an audience in an object", R"({"iss":"me","aud":{"you":1},"exp":1000100,"iat":1000000,"jti":"1"})",
       "jwt_claim"},
  };
  for (const Case& c : cases) EXPECT_EQ(check(c.claims, rules), c.expected) << c.name;
}

TEST_F(Claims, the_type_keeps_kinds_of_tokens_apart) {  // RFC 8725 3.11
  const char* claims = R"({"exp":1000100})";
  EXPECT_EQ(check(claims, {.type = "at+jwt"}, "at+jwt"), "good");
  EXPECT_EQ(check(claims, {.type = "at+jwt"}, "application/at+JWT"), "good");
  EXPECT_EQ(check(claims, {.type = "at+jwt"}, "JWT"), "jwt_type");
  EXPECT_EQ(check(claims, {.type = "at+jwt"}, ""), "jwt_type");
  EXPECT_EQ(check(claims, {}, ""), "good");
  EXPECT_EQ(check(claims, {}, "JWT"), "good");
  EXPECT_EQ(check(claims, {}, "at+jwt"), "jwt_type");
}

}  // namespace
}  // namespace ward::crypto
