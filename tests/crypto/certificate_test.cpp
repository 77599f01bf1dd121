#include "crypto/certificate.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <memory>

namespace ward::crypto {
namespace {

using namespace std::chrono_literals;

struct Freed {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, Freed>;

Certificate read(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return certificate;
}

bool verifies(X509* leaf, X509* authority, int purpose) {
  X509_STORE* store = X509_STORE_new();
  X509_STORE_add_cert(store, authority);
  X509_STORE_CTX* context = X509_STORE_CTX_new();
  X509_STORE_CTX_init(context, store, leaf, nullptr);
  X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
  X509_STORE_CTX_set_purpose(context, purpose);
  const bool good = X509_verify_cert(context) == 1;
  X509_STORE_CTX_free(context);
  X509_STORE_free(store);
  return good;
}

class CertificateTest : public ::testing::Test {
 protected:
  SystemClock clock;
  SystemRandom random;
  CertificateAndKey authority = make_authority("Test authority", clock, random).value();
  LeafNames names{"localhost", {"localhost"}, {"127.0.0.1", "::1"}};
};

TEST_F(CertificateTest, a_server_certificate_verifies_strictly_and_names_its_hosts) {
  const auto made = make_server_certificate(authority, names, clock, random);
  ASSERT_TRUE(made) << made.error().text();
  const Certificate ca = read(authority.certificate_pem), leaf = read(made->certificate_pem);
  EXPECT_TRUE(verifies(leaf.get(), ca.get(), X509_PURPOSE_SSL_SERVER));
  EXPECT_FALSE(verifies(leaf.get(), ca.get(), X509_PURPOSE_SSL_CLIENT));
  EXPECT_EQ(X509_check_host(leaf.get(), "localhost", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(leaf.get(), "example.com", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf.get(), "127.0.0.2", 0), 0);
  EXPECT_EQ(X509_check_ca(leaf.get()), 0);
  EXPECT_EQ(X509_check_ca(ca.get()), 1);
  EXPECT_EQ(X509_get_pathlen(ca.get()), 0);
  EXPECT_EQ(ASN1_STRING_length(X509_get0_serialNumber(leaf.get())), 16);
  EXPECT_NE(X509_get0_authority_key_id(leaf.get()), nullptr);
  EXPECT_EQ(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(leaf.get()), X509_get0_subject_key_id(ca.get())), 0);
}

TEST_F(CertificateTest, a_client_certificate_is_for_clients) {
  const auto made = make_client_certificate(authority, {"app", {}, {}}, clock, random, std::chrono::days(30));
  ASSERT_TRUE(made) << made.error().text();
  const Certificate ca = read(authority.certificate_pem), leaf = read(made->certificate_pem);
  EXPECT_TRUE(verifies(leaf.get(), ca.get(), X509_PURPOSE_SSL_CLIENT));
  EXPECT_FALSE(verifies(leaf.get(), ca.get(), X509_PURPOSE_SSL_SERVER));
}

TEST_F(CertificateTest, ends_within_397_days) {
  const auto made = make_server_certificate(authority, names, clock, random);
  const auto end = certificate_end(made->certificate_pem);
  ASSERT_TRUE(end);
  EXPECT_LT(*end, clock.wall() + 397 * 24h);
  EXPECT_GT(*end, clock.wall() + 396 * 24h);
  EXPECT_FALSE(make_server_certificate(authority, names, clock, random, std::chrono::days(398)));
}

TEST_F(CertificateTest, refuses_what_it_cannot_stand_for) {
  EXPECT_FALSE(make_server_certificate(authority, {"x", {}, {}}, clock, random)) << "no name";
  EXPECT_FALSE(make_server_certificate(authority, {"x", {"a,DNS:evil"}, {}}, clock, random)) << "injected name";
  EXPECT_FALSE(make_server_certificate(authority, {"x", {"a"}, {"999.1.1.1"}}, clock, random)) << "bad address";
  EXPECT_FALSE(make_server_certificate(authority, {"", {"a"}, {}}, clock, random)) << "no common name";
  const auto leaf = make_server_certificate(authority, names, clock, random).value();
  EXPECT_FALSE(make_server_certificate(leaf, names, clock, random)) << "a leaf is no authority";
  const CertificateAndKey mixed{authority.certificate_pem, leaf.key_pem};
  EXPECT_FALSE(make_server_certificate(mixed, names, clock, random)) << "another key";
  EXPECT_FALSE(certificate_end("nothing"));
}

}  // namespace
}  // namespace ward::crypto
