#include "crypto/peer_certificate.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/made_certificate.hpp"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

using namespace std::chrono_literals;

TEST(DistinguishedName, equals_what_rfc_5280_section_7_1_says_is_equal) {
  struct Case {
    const char* a;
    const char* b;
    bool equal;
  };
  const Case cases[] = {
      {"CN=lab,O=Clinic,C=US", "CN=lab,O=Clinic,C=US", true},
      {"CN=lab,O=Clinic,C=US", "cn=LAB,o=clinic,c=us", true},
      {"CN=lab,O=Clinic,C=US", "CN = lab , O =  Clinic,C= US ", true},
      {"CN=a  b", "CN=a b", true},
      {"CN=lab,O=Clinic,C=US", "C=US,O=Clinic,CN=lab", false},
      {"CN=lab,O=Clinic,C=US", "CN=lab,O=Clinic", false},
      {"CN=lab,O=Clinic", "CN=lab,OU=Clinic", false},
      {"CN=lab,O=Clinic", "CN=lab\\,O=Clinic", false},
      {"CN=lab+O=Clinic", "O=Clinic+CN=lab", true},
      {"CN=lab+O=Clinic", "CN=lab,O=Clinic", false},
      {"CN=a+UID=1,O=Clinic", "UID=1+CN=a,O=Clinic", true},
      {"CN=a,UID=1+O=Clinic", "CN=a+UID=1,O=Clinic", false},
      {"CN=lab", "2.5.4.3=lab", true},
      {"emailAddress=a@b.example", "1.2.840.113549.1.9.1=a@b.example", true},
      {"DC=clinic,DC=example", "0.9.2342.19200300.100.1.25=clinic,DC=example", true},
      {"1.2.3.4=x", "1.2.3.4=x", true},
      {"1.2.3.4=x", "1.2.3.5=x", false},
      {"CN=Lab\\, Inc.", "CN=Lab\\2C Inc.", true},
      {"CN=Lu\\C4\\8Di\\C4\\87", "CN=Lu\xc4\x8di\xc4\x87", true},  // RFC 4514 section 4
      {"CN=James \\\"Jim\\\" Smith\\, III", "CN=James \\22Jim\\22 Smith\\2c III", true},
      {"CN=\\#1", "CN=\\231", true},
      {"CN=a\\=b", "CN=a=b", true},
      {"CN=#0c036c6162", "CN=lab", true},
      {"CN=#13036c6162,O=x", "CN=lab,O=x", true},
      {"CN=\\ lab", "CN=lab", true},  // leading space does not count in the comparison
      {"CN=lab", "CN=lab\\00", false},
      {"CN=", "CN=", true},
      {"CN=", "O=", false},
  };
  for (const Case& c : cases) {
    const auto a = DistinguishedName::parse(c.a), b = DistinguishedName::parse(c.b);
    ASSERT_TRUE(a) << c.a << ": " << a.error().text();
    ASSERT_TRUE(b) << c.b << ": " << b.error().text();
    EXPECT_EQ(*a == *b, c.equal) << c.a << " and " << c.b;
  }
}

TEST(DistinguishedName, refuses_what_is_none) {
  const std::string cases[] = {"",
                               "CN",
                               "CN=a,",
                               ",CN=a",
                               "CN=a,,O=b",
                               "=a",
                               "XX=a",
                               "CN=a\\",
                               "CN=a\\g",
                               "CN=a\\4",
                               "CN=a;O=b",
                               "CN=\"a\"",
                               "CN=<a>",
                               "CN=#",
                               "CN=#0c",
                               "CN=#0c0361",
                               "CN=#zz",
                               "CN=#0101ff",
                               "CN=#0c0161x",
                               "CN=#0c016161",
                               "CN=#0c0161 x",
                               "1.=a",
                               "9.9.9=a",
                               "CN=\xff",
                               "CN=a\\ff",
                               std::string("CN=a\0b", 6),
                               "CN=" + std::string(1'100, 'a')};
  for (const std::string& text : cases) EXPECT_FALSE(DistinguishedName::parse(text)) << text;
  std::string many = "CN=a";
  for (int i = 0; i < 32; ++i) many += ",CN=a";
  EXPECT_FALSE(DistinguishedName::parse(many));
}

TEST(PeerCertificate, tells_names_times_and_key) {
  const SigningKey key = SigningKey::generate(SigningKey::Kind::p256);
  const std::string der = make_certificate(
      {.subject = {{"C", "US"}, {"O", "Clinic"}, {"CN", "lab"}},
       .alternative_names =
           "DNS:lab.example,DNS:*.example,URI:https://lab.example/id,email:lab@example.org,IP:192.0.2.7,IP:2001:db8::7",
       .key = key.native()});
  const auto read = PeerCertificate::parse(der);
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_TRUE(read->subject);
  EXPECT_TRUE(*read->subject == DistinguishedName::parse("CN=lab,O=Clinic,C=US").value());
  EXPECT_EQ(read->dns, (std::vector<std::string>{"lab.example", "*.example"}));
  EXPECT_EQ(read->uris, std::vector<std::string>{"https://lab.example/id"});
  EXPECT_EQ(read->emails, std::vector<std::string>{"lab@example.org"});
  ASSERT_EQ(read->addresses.size(), 2u);
  EXPECT_EQ(hex_encode(read->addresses[0]), "c0000207");
  EXPECT_EQ(hex_encode(read->addresses[1]), "20010db8000000000000000000000007");
  ASSERT_TRUE(read->key);
  EXPECT_EQ(read->key->thumbprint(), PublicKey::of(key, "").thumbprint());
  EXPECT_LT(read->from, SystemClock().wall());
  EXPECT_GT(read->until, SystemClock().wall() + 23h);
  EXPECT_EQ(certificate_thumbprint(der), base64url_encode(view(sha256(der))));
}

TEST(PeerCertificate, has_no_subject_where_none_is_written) {
  const auto read = PeerCertificate::parse(make_certificate({.subject = {}, .alternative_names = "DNS:a.example"}));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->subject);
}

TEST(PeerCertificate, has_only_keys_that_could_be_registered) {
  struct Case {
    const char* name;
    EVP_PKEY* key;
    bool taken;
  };
  EVP_PKEY* described = EVP_EC_gen("P-256");
  ASSERT_EQ(EVP_PKEY_set_utf8_string_param(described, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_EXPLICIT), 1);
  const Case cases[] = {
      {"P-256", EVP_EC_gen("P-256"), true},
      {"P-384", EVP_EC_gen("P-384"), true},
      {"Ed25519", EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), true},
      {"RSA of 2048 bits", EVP_RSA_gen(2048), true},
      {"RSA of 1024 bits", EVP_RSA_gen(1024), false},
      {"P-521", EVP_EC_gen("P-521"), false},
      {"secp256k1", EVP_EC_gen("secp256k1"), false},
      {"brainpoolP256r1", EVP_EC_gen("brainpoolP256r1"), false},
      {"P-256 with its curve described (CVE-2020-0601)", described, false},
  };
  for (const Case& c : cases) {
    const auto read = PeerCertificate::parse(make_certificate({.key = c.key}));
    ASSERT_TRUE(read) << c.name;
    EXPECT_EQ(read->key.has_value(), c.taken) << c.name;
    EVP_PKEY_free(c.key);
  }
}

TEST(PeerCertificate, refuses_what_is_not_one_certificate) {
  const std::string der = make_certificate({});
  const std::string doubled =
      make_certificate({.alternative_names = "DNS:a.example", .raw_names = {{GEN_DNS, "b.example"}}});
  CertificateWish many;
  for (int i = 0; i < 101; ++i) many.raw_names.emplace_back(GEN_DNS, "a" + std::to_string(i));
  EXPECT_TRUE(PeerCertificate::parse(der));
  EXPECT_FALSE(PeerCertificate::parse(""));
  EXPECT_FALSE(PeerCertificate::parse(der + der));
  EXPECT_FALSE(PeerCertificate::parse(der + std::string(1, '\0')));
  EXPECT_FALSE(PeerCertificate::parse(der.substr(0, der.size() - 1)));
  EXPECT_FALSE(PeerCertificate::parse("-----BEGIN CERTIFICATE-----"));
  EXPECT_FALSE(PeerCertificate::parse(std::string(40'000, '0')));
  EXPECT_FALSE(PeerCertificate::parse(doubled)) << "the extension twice";
  EXPECT_FALSE(PeerCertificate::parse(make_certificate(many)));
}

}  // namespace
}  // namespace ward::crypto
