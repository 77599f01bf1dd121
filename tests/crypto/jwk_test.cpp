#include "base/encoding.hpp"
#include "crypto/jose.hpp"
#include "jose_vectors.hpp"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

using SigningKind = SigningKey::Kind;

TEST(Jwk, thumbprints_are_those_of_rfc_7638_and_rfc_8037) {
  EXPECT_EQ(PublicKey::from_jwk(vectors::thumbprint_key)->thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  EXPECT_EQ(PublicKey::from_jwk(vectors::okp_key)->thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(Jwk, what_is_printed_reads_back_as_the_same_key) {
  for (const char* text :
       {vectors::rsa_key, vectors::ec_key, vectors::okp_key, vectors::thumbprint_key, vectors::hobbit_key}) {
    const auto key = PublicKey::from_jwk(text);
    ASSERT_TRUE(key) << text;
    const auto again = PublicKey::from_jwk(key->jwk());
    ASSERT_TRUE(again) << key->jwk();
    EXPECT_EQ(again->thumbprint(), key->thumbprint());
    EXPECT_EQ(again->id(), key->id());
    EXPECT_EQ(again->algorithms(), key->algorithms());
  }
}

TEST(Jwk, a_private_key_survives_printing_and_signs) {
  for (auto kind : {SigningKind::ed25519, SigningKind::p256, SigningKind::p384, SigningKind::rsa2048}) {
    const SigningKey key = SigningKey::generate(kind);
    const auto again = signing_key_from_jwk(private_jwk(key, "k1"));
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->to_pem().reveal(), key.to_pem().reveal());
    const PublicKey public_key = PublicKey::of(key, "k1");
    EXPECT_TRUE(
        public_key.verify(default_algorithm(*again), "hello", sign(*again, default_algorithm(*again), "hello")));
    EXPECT_EQ(public_key.jwk().find("\"d\""), std::string::npos);
  }
  EXPECT_TRUE(signing_key_from_jwk(Secret<std::string>(vectors::ec_private_key)));
  EXPECT_TRUE(signing_key_from_jwk(Secret<std::string>(vectors::okp_private_key)));
}

TEST(Jwk, private_members_that_do_not_belong_together_are_refused) {
  std::string mixed = vectors::okp_private_key;
  mixed.replace(mixed.find("11qY"), 4, "12qY");
  EXPECT_FALSE(signing_key_from_jwk(Secret<std::string>(mixed)));
  mixed = vectors::ec_private_key;
  mixed.replace(mixed.find("870M"), 4, "871M");
  EXPECT_FALSE(signing_key_from_jwk(Secret<std::string>(mixed)));
}

TEST(Jwk, every_algorithm_verifies_its_own_signature_and_no_other) {
  struct Case {
    SigningKind kind;
    std::vector<Algorithm> algorithms;
  };
  const Case cases[] = {
      {SigningKind::p256, {Algorithm::es256}},
      {SigningKind::p384, {Algorithm::es384}},
      {SigningKind::ed25519, {Algorithm::eddsa}},
      {SigningKind::rsa2048, {Algorithm::rs256, Algorithm::rs384, Algorithm::ps256, Algorithm::ps384}}};
  for (const Case& c : cases) {
    const SigningKey key = SigningKey::generate(c.kind);
    const PublicKey public_key = PublicKey::of(key, "");
    for (Algorithm algorithm : c.algorithms) {
      std::string signature = sign(key, algorithm, "message");
      for (unsigned other = 0; other < 7; ++other)
        EXPECT_EQ(public_key.verify(static_cast<Algorithm>(other), "message", signature),
                  static_cast<Algorithm>(other) == algorithm)
            << name(algorithm) << " as " << name(static_cast<Algorithm>(other));
      EXPECT_FALSE(public_key.verify(algorithm, "Message", signature));
      EXPECT_FALSE(public_key.only({}).verify(algorithm, "message", signature)) << "not on its allow-list";
      EXPECT_FALSE(public_key.verify(algorithm, "message", signature + '\0'));
      EXPECT_FALSE(public_key.verify(algorithm, "message", std::string_view(signature).substr(1)));
      EXPECT_FALSE(public_key.verify(algorithm, "message", ""));
      EXPECT_FALSE(public_key.verify(algorithm, "message", std::string(signature.size(), '\0')));
      signature[signature.size() / 2] = static_cast<char>(signature[signature.size() / 2] ^ 1);
      EXPECT_FALSE(public_key.verify(algorithm, "message", signature));
    }
  }
}

std::string with(std::string text, std::string_view old_text, std::string_view new_text) {
  const auto at = text.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  return at == std::string::npos ? text : text.replace(at, old_text.size(), new_text);
}

TEST(Jwk, refuses_keys_that_must_not_be_trusted) {
  const std::string ec = vectors::ec_key, rsa = vectors::rsa_key, okp = vectors::okp_key;
  auto add = [](const std::string& key, const std::string& members) {
    return key.substr(0, key.size() - 1) + "," + members + "}";
  };
  auto small_rsa = [](std::size_t bytes) {
    return R"({"kty":"RSA","e":"AQAB","n":")" + base64url_encode(std::string(bytes, '\xff')) + "\"}";
  };
  auto edwards = [](const char* hex) {
    return R"({"kty":"OKP","crv":"Ed25519","x":")" + base64url_encode(hex_decode(hex).value()) + "\"}";
  };
  struct Case {
    const char* name;
    std::string jwk;
    const char* code;
  };
  const Case cases[] = {
      {"no object", "[]", "jwk_invalid"},
      {"no JSON", "{", "jwk_invalid"},
      {"no kty", "{}", "jwk_invalid"},
      {"kty that is a number", R"({"kty":1})", "jwk_invalid"},
      {"a shared secret", R"({"kty":"oct","k":"AAAA"})", "jwk_invalid"},
      {"an unknown kind", R"({"kty":"XYZ"})", "jwk_unknown"},
      {"a private EC key", add(ec, R"("d":"AAAA")"), "jwk_invalid"},
      {"a private RSA key", add(rsa, R"("p":"AAAA")"), "jwk_invalid"},
      {"a key with k", add(ec, R"("k":"AAAA")"), "jwk_invalid"},
      {"a member twice", add(ec, R"("kty":"EC")"), "jwk_invalid"},
      {"a point that is not on the curve", with(ec, "x_FE", "x_FF"), "jwk_invalid"},
      {"the point of another curve", with(ec, "P-256", "P-384"), "jwk_invalid"},
      {"P-521", with(ec, "P-256", "P-521"), "jwk_unknown"},
      {"secp256k1", with(ec, "P-256", "secp256k1"), "jwk_unknown"},
      {"X25519", with(okp, "Ed25519", "X25519"), "jwk_unknown"},
      {"a short x", with(ec, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "f83O"), "jwk_invalid"},
      {"padding", with(ec, "VEU\"", "VEU=\""), "jwk_invalid"},
      {"base64url that is not canonical", with(ec, "VEU\"", "VEV\""), "jwk_invalid"},
      {"RSA of 1024 bits", small_rsa(128), "jwk_invalid"},
      {"RSA of 2040 bits", small_rsa(255), "jwk_invalid"},
      {"RSA of 16384 bits", small_rsa(2048), "jwk_invalid"},
      {"e of 1", with(rsa, "AQAB", "AQ"), "jwk_invalid"},
      {"an even e", with(rsa, "AQAB", "AQAA"), "jwk_invalid"},
      {"leading zeros", with(rsa, "AQAB", "AAEAAQ"), "jwk_invalid"},
      {"alg of another kind", add(ec, R"("alg":"RS256")"), "jwk_invalid"},
      {"alg HS256", add(rsa, R"("alg":"HS256")"), "jwk_unknown"},
      {"alg none", add(rsa, R"("alg":"none")"), "jwk_unknown"},
      {"for encryption", add(rsa, R"("use":"enc")"), "jwk_unknown"},
      {"key_ops without verify", add(rsa, R"("key_ops":["encrypt"])"), "jwk_unknown"},
      {"kid that is a number", add(rsa, R"("kid":7)"), "jwk_invalid"},
      {"Edwards: order 1", edwards("0100000000000000000000000000000000000000000000000000000000000000"), "jwk_invalid"},
      {"Edwards: order 4", edwards("0000000000000000000000000000000000000000000000000000000000000080"), "jwk_invalid"},
      {"Edwards: order 8", edwards("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"), "jwk_invalid"},
  };
  for (const Case& c : cases) {
    const auto key = PublicKey::from_jwk(c.jwk);
    ASSERT_FALSE(key) << c.name;
    EXPECT_EQ(key.error().code(), c.code) << c.name << ": " << key.error().message();
  }
  // The positive twins.
  for (const std::string& good :
       {ec, rsa, okp, add(ec, R"("alg":"ES256","use":"sig","key_ops":["verify"],"kid":"a","other":[1])"),
        small_rsa(256)})
    EXPECT_TRUE(PublicKey::from_jwk(good)) << good;
}

TEST(JwkSet, keeps_what_it_knows_and_refuses_what_is_dangerous) {
  const std::string ec = vectors::ec_key, rsa = vectors::rsa_key;
  auto set = [](std::initializer_list<std::string> keys) {
    std::string text = R"({"keys":[)";
    for (const auto& key : keys) text += (text.back() == '[' ? "" : ",") + key;
    return text + "]}";
  };
  auto with_id = [](const std::string& key, const char* id) {
    return key.substr(0, key.size() - 1) + R"(,"kid":")" + id + "\"}";
  };
  EXPECT_EQ(KeySet::parse(set({ec, rsa}))->keys().size(), 2u);
  EXPECT_EQ(KeySet::parse(set({ec, R"({"kty":"LATER"})", vectors::okp_key}))->keys().size(), 2u)
      << "RFC 7517 section 5";
  EXPECT_EQ(KeySet::parse(set({with_id(ec, "a"), with_id(rsa, "a")}))->keys().size(), 2u) << "other algorithms";
  EXPECT_EQ(KeySet::parse(KeySet::parse(set({ec, rsa}))->text())->keys().size(), 2u);

  EXPECT_TRUE(KeySet::parse(set({ec, R"({"kty":"oct","k":"AAAA"})"})).error().is("jwk_invalid"));
  EXPECT_TRUE(KeySet::parse(set({ec, vectors::okp_private_key})).error().is("jwk_invalid"));
  EXPECT_TRUE(KeySet::parse(set({with_id(ec, "a"), with_id(vectors::ec_key, "a")})).error().is("jwks_invalid"));
  EXPECT_TRUE(KeySet::parse("{}").error().is("jwks_invalid"));
  EXPECT_TRUE(KeySet::parse(ec).error().is("jwks_invalid"));
  std::string many = R"({"keys":[)";
  for (int i = 0; i < 33; ++i) many += (i ? "," : "") + ec;
  EXPECT_TRUE(KeySet::parse(many + "]}").error().is("jwks_invalid"));
  EXPECT_TRUE(KeySet::parse(std::string(70'000, ' ')).error().is("jwks_invalid"));
}

}  // namespace
}  // namespace ward::crypto
