// NIST SP 800-52 r2 as in hipaa-controls "TLS": what is agreed on, what is refused, and certificates at load.
#include "net/tls.hpp"
#include "support.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <sys/stat.h>
#include <fstream>

namespace ward::net::test {
namespace {

TEST(Tls, agrees_on_the_listed_versions_and_suites_only) {
  Running running;
  struct Case {
    const char* ciphers;
    int version_max;
    bool agreed;
    const char* suite;
  };
  const Case cases[] = {
      {"", 0, true, "TLS_AES_256_GCM_SHA384"},
      {"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", TLS1_2_VERSION, true,
       "ECDHE-ECDSA-AES256-GCM-SHA384"},
      {"ECDHE-ECDSA-AES128-GCM-SHA256", TLS1_2_VERSION, true, "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"ECDHE-ECDSA-CHACHA20-POLY1305", TLS1_2_VERSION, false, ""},
      {"ECDHE-ECDSA-AES256-SHA384", TLS1_2_VERSION, false, ""},
      {"ECDHE-ECDSA-AES128-SHA", TLS1_2_VERSION, false, ""},
      {"AES128-GCM-SHA256", TLS1_2_VERSION, false, ""},
      {"DHE-RSA-AES256-GCM-SHA384", TLS1_2_VERSION, false, ""},
      {"ALL:@SECLEVEL=0", TLS1_1_VERSION, false, ""},
      {"ALL:@SECLEVEL=0", TLS1_VERSION, false, ""},
  };
  for (const Case& item : cases) {
    Client::Options options;
    options.ciphers = item.ciphers;
    options.version_max = item.version_max;
    Client client(running.https, options);
    EXPECT_EQ(client.connected(), item.agreed) << item.ciphers << item.version_max;
    if (item.agreed && client.connected()) {
      EXPECT_STREQ(SSL_get_cipher_name(client.ssl()), item.suite);
    }
  }
  EXPECT_TRUE(running.observer.has("tls_handshake"));
}

TEST(Tls, the_NIST_profile_has_no_x25519_and_the_other_has) {
  Running running;
  Client::Options only_x25519;
  only_x25519.groups = "X25519";
  Client refused(running.https, only_x25519);
  EXPECT_FALSE(refused.connected());
  TlsOptions wider = running.tls;
  wider.nist = false;
  ASSERT_TRUE(running.context->reload(wider));
  Client taken(running.https, only_x25519);
  EXPECT_TRUE(taken.connected());
}

TEST(Tls, has_extended_master_secret_and_no_renegotiation_or_compression) {
  Running running;
  Client::Options options;
  options.version_max = TLS1_2_VERSION;
  Client client(running.https, options);
  ASSERT_TRUE(client.connected());
  EXPECT_EQ(SSL_get_extms_support(client.ssl()), 1);
  EXPECT_EQ(SSL_get_secure_renegotiation_support(client.ssl()), 1);
  EXPECT_EQ(SSL_get_current_compression(client.ssl()), nullptr);
  SSL_renegotiate(client.ssl());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
}

TEST(Tls, refuses_an_unknown_protocol_by_alpn_and_takes_none_as_http_1) {
  Running running;
  Client::Options spdy, none;
  spdy.alpn = "spdy/3";
  none.alpn = "";
  Client refused(running.https, spdy);
  EXPECT_FALSE(refused.connected());
  Client taken(running.https, none);
  taken.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(status_of(taken.read_answer()), 200);
}

std::string subject_seen(std::uint16_t port, const char* sni, const char* ciphers = "", int version_max = 0) {
  Client::Options options;
  options.sni = sni;
  options.ciphers = ciphers;
  options.version_max = version_max;
  Client client(port, options);
  X509* certificate = client.connected() ? SSL_get0_peer_certificate(client.ssl()) : nullptr;
  if (certificate == nullptr) return "";
  char name[256];
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  return std::string(name) + (EVP_PKEY_get_base_id(X509_get0_pubkey(certificate)) == EVP_PKEY_RSA ? " RSA" : "");
}

TEST(Tls, chooses_certificates_by_name_and_by_what_the_client_can_verify) {
  Running running;
  TlsOptions more = running.tls;
  more.certificates.push_back(running.pki.make({.name = "*.example"}));
  more.certificates.push_back(running.pki.make({.name = "localhost", .curve = "RSA:3072"}));
  ASSERT_TRUE(running.context->reload(more));
  EXPECT_EQ(subject_seen(running.https, "localhost"), "localhost");
  EXPECT_EQ(subject_seen(running.https, "ehr.example"), "*.example");
  EXPECT_EQ(subject_seen(running.https, "a.b.example"), "localhost") << "a wildcard is one label";
  EXPECT_EQ(subject_seen(running.https, ""), "localhost");
  EXPECT_EQ(subject_seen(running.https, "localhost", "ECDHE-RSA-AES256-GCM-SHA384", TLS1_2_VERSION), "localhost RSA");
}

TEST(Tls, a_bad_set_changes_nothing_and_a_good_one_is_used_at_once) {
  Running running;
  TlsOptions bad = running.tls, good = running.tls;
  bad.certificates = {running.pki.make({.name = "new.example", .server_auth = false})};
  good.certificates = {running.pki.make({.name = "new.example"})};
  Client before(running.https, true);
  EXPECT_FALSE(running.context->reload(bad));
  EXPECT_EQ(subject_seen(running.https, "localhost"), "localhost");
  ASSERT_TRUE(running.context->reload(good));
  EXPECT_EQ(subject_seen(running.https, "localhost"), "new.example");
  before.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(status_of(before.read_answer()), 200) << "connections of before go on";
}

TEST(Tls, resumes_sessions_by_ticket_also_after_a_reload) {
  Running running;
  for (const int version : {TLS1_2_VERSION, 0}) {
    Client::Options options;
    options.version_max = version;
    Client first(running.https, options);
    ASSERT_TRUE(first.connected());
    first.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    first.read_answer();
    SSL_SESSION* session = SSL_get1_session(first.ssl());
    ASSERT_TRUE(running.context->reload(running.tls));
    SSL_CTX* context = SSL_get_SSL_CTX(first.ssl());
    Client carrier(running.https, false);
    SSL* again = SSL_new(context);
    SSL_set_tlsext_host_name(again, "localhost");
    SSL_set_session(again, session);
    SSL_set_fd(again, carrier.fd());
    EXPECT_EQ(SSL_connect(again), 1);
    EXPECT_EQ(SSL_session_reused(again), 1);
    SSL_free(again);
    SSL_SESSION_free(session);
  }
}

TEST(Tls, staples_an_OCSP_response_from_a_file) {
  Running running;
  const std::filesystem::path file = running.pki.folder / "ocsp.der";
  std::ofstream(file) << "not checked by us";
  TlsOptions stapling = running.tls;
  stapling.certificates.front().ocsp = file;
  ASSERT_TRUE(running.context->reload(stapling));
  Client client(running.https, true);
  const unsigned char* response = nullptr;
  const long size = SSL_get_tlsext_status_ocsp_resp(client.ssl(), &response);
  ASSERT_GT(size, 0);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(response), static_cast<std::size_t>(size)), "not checked by us");
}

/// A server with a second listener, which asks for certificates; `known` is trusted there.
struct WithMtls : Running {
  explicit WithMtls(bool trusts = true) {
    TlsOptions asking = tls;
    asking.client_certificates = true;
    if (trusts) asking.client_ca = known.chain;
    mtls_context = std::move(*TlsContext::create(asking, clock));
    mtls = *server->listen_https({}, *mtls_context, echo);
  }
  ~WithMtls() { server.reset(); }  // before the context that its listener uses

  /// "SIZE VERIFIED" of the certificate as the handler sees it, or "" without a connection.
  static std::string seen(std::uint16_t port, const CertificateFiles& own, int version_max = 0,
                          const std::string& ciphers = "") {
    Client::Options options;
    options.own = own;
    options.version_max = version_max;
    options.ciphers = ciphers;
    Client client(port, options);
    if (!client.connected() || !client.send("GET /peer HTTP/1.1\r\nHost: localhost\r\n\r\n")) return "";
    const std::string answer = client.read_answer();
    const std::size_t at = answer.find("TLSv1.");
    return at == answer.npos ? "" : answer.substr(at + 8);
  }

  const CertificateFiles known = pki.make({.name = "client"}), stranger = pki.make({.name = "stranger"});
  std::unique_ptr<TlsContext> mtls_context;
  std::uint16_t mtls = 0;
};

std::string size_of(const CertificateFiles& files) {
  FILE* in = std::fopen(files.chain.c_str(), "r");
  X509* certificate = PEM_read_X509(in, nullptr, nullptr, nullptr);
  std::fclose(in);
  const int size = i2d_X509(certificate, nullptr);
  X509_free(certificate);
  return std::to_string(size);
}

TEST(Mtls, takes_any_certificate_and_tells_whether_it_was_verified) {
  WithMtls running;
  for (const int version : {0, TLS1_2_VERSION}) {
    EXPECT_EQ(WithMtls::seen(running.mtls, running.known, version), size_of(running.known) + " true");
    EXPECT_EQ(WithMtls::seen(running.mtls, running.stranger, version), size_of(running.stranger) + " false");
    EXPECT_EQ(WithMtls::seen(running.mtls, {}, version), "0 false") << "none is needed";
  }
}

TEST(Mtls, a_chain_is_verified_up_to_the_authority_and_for_clients) {
  WithMtls running;
  const CertificateFiles authority = running.pki.make({.name = "CA", .authority = true}),
                         other = running.pki.make({.name = "CA", .authority = true}),
                         leaf = running.pki.make({.name = "a", .issuer = authority}),
                         old = running.pki.make({.name = "a", .days = 5, .age_days = 10, .issuer = authority}),
                         below = running.pki.make({.name = "b", .issuer = leaf}),
                         forged = running.pki.make({.name = "a", .issuer = other});
  TlsOptions trusting = running.tls;
  trusting.client_certificates = true;
  trusting.client_ca = authority.chain;
  ASSERT_TRUE(running.mtls_context->reload(trusting));
  struct Case {
    const char* name;
    const CertificateFiles& own;
    const char* verified;
  };
  for (const Case& c : {Case{"issued", leaf, " true"}, Case{"expired", old, " false"},
                        Case{"issued by a leaf", below, " false"}, Case{"by another of that name", forged, " false"}})
    EXPECT_EQ(WithMtls::seen(running.mtls, c.own), size_of(c.own) + c.verified) << c.name;
}

TEST(Mtls, without_a_trusted_authority_nothing_is_verified) {
  WithMtls running(false);
  EXPECT_EQ(WithMtls::seen(running.mtls, running.known), size_of(running.known) + " false");
}

TEST(Mtls, the_usual_listener_asks_for_nothing) {
  WithMtls running;
  EXPECT_EQ(WithMtls::seen(running.https, running.known), "0 false");
  EXPECT_EQ(WithMtls::seen(running.https, running.known, TLS1_2_VERSION), "0 false");
}

TEST(Mtls, refuses_keys_that_others_can_compute) {
  WithMtls running;
  for (const int version : {0, TLS1_2_VERSION}) {
    const std::string ciphers = "ALL:@SECLEVEL=0";
    EXPECT_EQ(WithMtls::seen(running.mtls, running.pki.make({.curve = "RSA:1024"}), version, ciphers), "");
    EXPECT_NE(WithMtls::seen(running.mtls, running.pki.make({.curve = "RSA:2048"}), version, ciphers), "");
  }
}

TEST(Mtls, tells_no_list_of_authorities) {  // or clients with a certificate of their own would keep it back
  WithMtls running;
  Client client(running.mtls, true);
  ASSERT_TRUE(client.connected());
  EXPECT_LE(sk_X509_NAME_num(SSL_get0_peer_CA_list(client.ssl())), 0);
}

/// Connects again with the session of `first`; its certificate goes along, as clients do.
bool resumes(Client& first, std::uint16_t port) {
  SSL_SESSION* session = SSL_get1_session(first.ssl());
  Client carrier(port, false);
  SSL* again = SSL_new(SSL_get_SSL_CTX(first.ssl()));
  SSL_set_tlsext_host_name(again, "localhost");
  SSL_set_session(again, session);
  SSL_set_fd(again, carrier.fd());
  EXPECT_EQ(SSL_connect(again), 1);
  const bool reused = SSL_session_reused(again) == 1;
  SSL_free(again);
  SSL_SESSION_free(session);
  return reused;
}

TEST(Mtls, resumes_no_session_not_even_of_the_usual_listener) {
  WithMtls running;
  for (const int version : {0, TLS1_2_VERSION}) {
    Client::Options options;
    options.own = running.known;
    options.version_max = version;
    for (const auto& [from, to, resumed] : {std::tuple(running.mtls, running.mtls, false),
                                            {running.mtls, running.https, false},
                                            {running.https, running.mtls, false},
                                            {running.https, running.https, true}}) {
      Client first(from, options);
      ASSERT_TRUE(first.connected());
      first.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      first.read_answer();
      EXPECT_EQ(resumes(first, to), resumed) << version;
    }
  }
}

TEST(Mtls, another_authority_counts_from_the_reload_on) {
  WithMtls running;
  TlsOptions other = running.tls;
  other.client_certificates = true;
  other.client_ca = running.stranger.chain;
  ASSERT_TRUE(running.mtls_context->reload(other));
  EXPECT_TRUE(WithMtls::seen(running.mtls, running.known).ends_with(" false"));
  EXPECT_TRUE(WithMtls::seen(running.mtls, running.stranger).ends_with(" true"));
  other.client_ca = running.known.key;
  EXPECT_TRUE(running.mtls_context->reload(other).error().is("tls_client_ca"));
  EXPECT_TRUE(WithMtls::seen(running.mtls, running.stranger).ends_with(" true"));
}

TEST(Certificates, are_checked_at_load) {
  Pki pki;
  SystemClock clock;
  struct Case {
    const char* name;
    Pki::Wish wish;
    const char* finding;  // "" none
    bool fatal;
  };
  const Case cases[] = {
      {"a good one", {}, "", false},
      {"P-384", {.curve = "P-384"}, "", false},
      {"RSA of 3072 bits", {.curve = "RSA:3072"}, "", false},
      {"RSA of 2048 bits", {.curve = "RSA:2048"}, "3072", false},
      {"RSA of 1024 bits", {.curve = "RSA:1024"}, "2048", true},
      {"P-521", {.curve = "P-521"}, "P-256", true},
      {"no serverAuth", {.server_auth = false}, "serverAuth", true},
      {"no digitalSignature", {.digital_signature = false}, "digitalSignature", true},
      {"SHA-1", {.digest = "SHA1"}, "SHA-256", true},
      {"expired", {.days = 10, .age_days = 20}, "expired", true},
      {"not valid yet", {.age_days = -2}, "not valid yet", true},
      {"soon to expire", {.days = 90, .age_days = 80}, "expires in", false},
      {"too long a life", {.days = 500}, "398", false},
  };
  for (const Case& item : cases) {
    const auto findings = check_certificate(pki.make(item.wish), clock);
    const std::string_view wanted = item.finding;
    const auto fits = [&](const CertificateFinding& finding) {
      return finding.message.find(wanted) != std::string::npos && finding.fatal == item.fatal;
    };
    if (wanted.empty()) {
      EXPECT_TRUE(findings.empty()) << item.name << ": " << (findings.empty() ? "" : findings.front().message);
    } else {
      EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), fits)) << item.name;
    }
  }
}

TEST(Certificates, keys_must_belong_to_them_and_be_private) {
  Pki pki;
  SystemClock clock;
  CertificateFiles files = pki.make({});
  ::chmod(files.key.c_str(), 0640);
  ASSERT_EQ(check_certificate(files, clock).size(), 1u);
  EXPECT_NE(check_certificate(files, clock).front().message.find("chmod 600"), std::string::npos);
  ::chmod(files.key.c_str(), 0600);
  EXPECT_TRUE(check_certificate(files, clock).empty());
  files.key = pki.make({}).key;
  EXPECT_NE(check_certificate(files, clock).front().message.find("does not belong"), std::string::npos);
  files.key = "/nowhere";
  EXPECT_FALSE(check_certificate(files, clock).empty());
}

}  // namespace
}  // namespace ward::net::test
