// RFC 8705: who has which certificate. Certificates are made here.
#include "client_certificate.hpp"

#include "base/encoding.hpp"
#include "crypto/made_certificate.hpp"

#include <gtest/gtest.h>

namespace ward::identity {
namespace {

using namespace std::chrono_literals;
using crypto::CertificateWish;
using crypto::make_certificate;
using crypto::PublicKey;
using crypto::SigningKey;
using Kind = CertificateName::Kind;

std::string code(const Result<void>& checked) { return checked ? "good" : std::string(checked.error().code()); }

ClientCertificate certificate(const CertificateWish& wish, bool verified = true) {
  return ClientCertificate::read(make_certificate(wish), verified).value();
}

TEST(ClientCertificate, has_the_registered_name_or_not) {  // section 2.1.2
  const CertificateWish wish{
      .subject = {{"C", "US"}, {"O", "Clinic"}, {"+OU", "Labs"}, {"CN", "Lab, north"}},
      .alternative_names =
          "DNS:Lab.Example,DNS:*.wild.example,URI:urn:lab:1,email:Lab@Example.org,IP:192.0.2.7,IP:2001:db8::7"};
  const ClientCertificate own = certificate(wish);
  struct Case {
    Kind kind;
    const char* value;
    bool matches;
  };
  const Case cases[] = {
      {Kind::subject_dn, "CN=Lab\\, north,OU=Labs+O=Clinic,C=US", true},
      {Kind::subject_dn, "cn=lab\\2c North, o=clinic + ou=labs, c=us", true},
      {Kind::subject_dn, "CN=Lab\\, north,O=Clinic,C=US", false},
      {Kind::subject_dn, "CN=Lab\\, north", false},
      {Kind::subject_dn, "C=US,OU=Labs+O=Clinic,CN=Lab\\, north", false},
      {Kind::subject_dn, "CN=Lab\\, south,OU=Labs+O=Clinic,C=US", false},
      {Kind::san_dns, "lab.example", true},
      {Kind::san_dns, "LAB.EXAMPLE", true},
      {Kind::san_dns, "example", false},
      {Kind::san_dns, "a.lab.example", false},
      {Kind::san_dns, "a.wild.example", false},  // names are compared, not patterns
      {Kind::san_dns, "*.wild.example", true},
      {Kind::san_dns, "urn:lab:1", false},
      {Kind::san_uri, "urn:lab:1", true},
      {Kind::san_uri, "urn:LAB:1", false},
      {Kind::san_uri, "urn:lab:10", false},
      {Kind::san_ip, "192.0.2.7", true},
      {Kind::san_ip, "192.0.2.8", false},
      {Kind::san_ip, "2001:db8::7", true},
      {Kind::san_ip, "2001:0DB8:0:0:0:0:0:7", true},
      {Kind::san_ip, "::ffff:192.0.2.7", false},
      {Kind::san_email, "Lab@example.ORG", true},
      {Kind::san_email, "lab@example.org", false},  // RFC 5280 section 7.5
  };
  const WallTime now = SystemClock().wall();
  for (const Case& c : cases) {
    const auto name = CertificateName::parse(c.kind, c.value);
    ASSERT_TRUE(name) << c.value << ": " << name.error().text();
    EXPECT_EQ(code(own.check_name(*name, now)), c.matches ? "good" : "certificate_other") << c.value;
  }
}

TEST(ClientCertificate, names_end_where_they_end) {
  const CertificateWish wish{.raw_names = {{GEN_DNS, std::string("lab.example\0.evil.example", 25)},
                                           {GEN_URI, std::string("urn:lab\0", 8)},
                                           {GEN_EMAIL, "a@b@evil.example"}}};
  const ClientCertificate own = certificate(wish);
  const WallTime now = SystemClock().wall();
  EXPECT_EQ(code(own.check_name(CertificateName::parse(Kind::san_dns, "lab.example").value(), now)),
            "certificate_other");
  EXPECT_EQ(code(own.check_name(CertificateName::parse(Kind::san_uri, "urn:lab").value(), now)), "certificate_other");
  EXPECT_EQ(code(own.check_name(CertificateName::parse(Kind::san_email, "a@b").value(), now)), "certificate_other");
}

TEST(ClientCertificate, a_name_counts_only_if_somebody_trusted_vouches_for_it) {
  const auto name = CertificateName::parse(Kind::subject_dn, "CN=client").value();
  const WallTime now = SystemClock().wall();
  EXPECT_EQ(code(certificate({}, true).check_name(name, now)), "good");
  EXPECT_EQ(code(certificate({}, false).check_name(name, now)), "certificate_unverified");
}

TEST(ClientCertificate, counts_only_while_it_is_valid) {
  const SigningKey key = SigningKey::generate(SigningKey::Kind::p256);
  const auto name = CertificateName::parse(Kind::subject_dn, "CN=client").value();
  const crypto::KeySet keys({PublicKey::of(key, "")});
  const ClientCertificate own = certificate({.key = key.native()});
  const WallTime now = SystemClock().wall();
  for (const auto& [by, expected] : {std::pair(std::chrono::seconds(0s), "good"),
                                     {23h, "good"},
                                     {25h, "certificate_expired"},
                                     {-2h, "certificate_expired"}}) {
    EXPECT_EQ(code(own.check_name(name, now + by)), expected) << by.count();
    EXPECT_EQ(code(own.check_key(keys, now + by)), expected) << by.count();
  }
}

TEST(ClientCertificate, self_signed_ones_are_known_by_their_key) {  // section 2.2
  const WallTime now = SystemClock().wall();
  for (const auto kind :
       {SigningKey::Kind::p256, SigningKey::Kind::p384, SigningKey::Kind::ed25519, SigningKey::Kind::rsa2048}) {
    const SigningKey key = SigningKey::generate(kind), other = SigningKey::generate(kind);
    const crypto::KeySet keys({PublicKey::of(other, "other"), PublicKey::of(key, "own")});
    EXPECT_EQ(code(certificate({.key = key.native()}, false).check_key(keys, now)), "good");
    EXPECT_EQ(code(certificate({.key = key.native()}, true).check_key(keys, now)), "good");
    EXPECT_EQ(code(certificate({.key = key.native()}, false).check_key(crypto::KeySet(), now)), "certificate_other");
    const crypto::KeySet without({PublicKey::of(other, "own")});
    EXPECT_EQ(code(certificate({.key = key.native()}, false).check_key(without, now)), "certificate_other");
  }
}

TEST(ClientCertificate, keys_may_come_with_their_certificate) {  // RFC 8705 section 2.2.2, RFC 7517 section 4.7
  const SigningKey key = SigningKey::generate(SigningKey::Kind::p256);
  const std::string der = make_certificate({.key = key.native()});
  const std::string jwk = PublicKey::of(key, "").jwk();
  const auto keys = crypto::KeySet::parse(R"({"keys":[)" + jwk.substr(0, jwk.size() - 1) + R"(,"x5c":[")" +
                                          base64_encode(der) + R"("]}]})");
  ASSERT_TRUE(keys) << keys.error().text();
  EXPECT_EQ(code(ClientCertificate::read(der, false)->check_key(*keys, SystemClock().wall())), "good");
  const std::string renewed = make_certificate({.subject = {{"CN", "renewed"}}, .key = key.native()});
  EXPECT_EQ(code(ClientCertificate::read(renewed, false)->check_key(*keys, SystemClock().wall())), "good");
  EXPECT_EQ(code(certificate({}, false).check_key(*keys, SystemClock().wall())), "certificate_other");
}

TEST(ClientCertificate, of_an_unknown_kind_of_key_matches_no_key) {
  EVP_PKEY* key = EVP_EC_gen("P-521");
  const ClientCertificate own = certificate({.key = key}, false);
  EVP_PKEY_free(key);
  EXPECT_EQ(code(own.check_key(crypto::KeySet(), SystemClock().wall())), "certificate_other");
}

TEST(ClientCertificate, is_absent_or_unreadable) {
  EXPECT_TRUE(ClientCertificate::read("", false).error().is("certificate_absent"));
  EXPECT_TRUE(ClientCertificate::read("x", true).error().is("certificate_invalid"));
  const std::string der = make_certificate({});
  EXPECT_EQ(ClientCertificate::read(der, false)->thumbprint(), crypto::certificate_thumbprint(der));
}

TEST(CertificateName, is_exactly_one_member_of_the_registration) {
  struct Case {
    const char* client;
    const char* expected;  // the text, or "" for an error
  };
  const Case cases[] = {
      {R"({"tls_client_auth_subject_dn":"CN=lab,O=Clinic"})", "CN=lab,O=Clinic"},
      {R"({"tls_client_auth_san_dns":"lab.example","client_id":"a"})", "lab.example"},
      {R"({"tls_client_auth_san_uri":"urn:lab"})", "urn:lab"},
      {R"({"tls_client_auth_san_ip":"::1"})", "::1"},
      {R"({"tls_client_auth_san_email":"a@b.example"})", "a@b.example"},
      {R"({})", ""},
      {R"({"tls_client_auth_san_dns":"lab.example","tls_client_auth_san_uri":"urn:lab"})", ""},
      {R"({"tls_client_auth_san_dns":["lab.example"]})", ""},
      {R"({"tls_client_auth_san_dns":""})", ""},
      {R"({"tls_client_auth_san_dns":"lab example"})", ""},
      {R"({"tls_client_auth_san_dns":"l\u00e4b.example"})", ""},
      {R"({"tls_client_auth_san_ip":"lab.example"})", ""},
      {R"({"tls_client_auth_san_ip":"192.0.2"})", ""},
      {R"({"tls_client_auth_san_ip":"192.0.2.7/24"})", ""},
      {R"({"tls_client_auth_subject_dn":"lab"})", ""},
  };
  for (const Case& c : cases) {
    const auto document = json::Document::parse(c.client);
    ASSERT_TRUE(document) << c.client;
    const auto name = CertificateName::read(document->root());
    EXPECT_EQ(name ? name->text() : "", c.expected) << c.client;
    if (!name) {
      EXPECT_TRUE(name.error().is("client_certificate_name")) << c.client;
    }
  }
  const auto long_one = "tls." + std::string(1'100, 'a');
  EXPECT_FALSE(CertificateName::parse(Kind::san_dns, long_one));
}

}  // namespace
}  // namespace ward::identity
