#include "certificate.hpp"

#include "evp.hpp"
#include "keys.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace ward::crypto {
namespace {

using namespace std::chrono_literals;
constexpr auto backdated = 1h;  // clocks differ
constexpr std::size_t serial_bytes =
    16;  // CA/Browser Forum 7.1: at least 64 random bits; RFC 5280: positive, at most 20 bytes
constexpr std::size_t name_bytes_max = 64;  // RFC 5280, ub-common-name

std::unexpected<Error> bad(std::string message) { return fail("certificate", "certificate: " + std::move(message)); }

struct Plan {
  std::string common_name;
  WallTime from, until;
  EVP_PKEY* subject_key;
  X509* issuer;  // null: itself
  EVP_PKEY* issuer_key;
  std::vector<std::pair<int, std::string>> extensions;
};

bool set_time(ASN1_TIME* field, WallTime time) {
  return ASN1_TIME_set(field, static_cast<time_t>(unix_seconds(time))) != nullptr;
}

bool set_serial(X509* certificate, Random& random) {
  std::string serial = random.bytes(serial_bytes);
  serial[0] = static_cast<char>((serial[0] & 0x7f) | 0x40);  // positive, and always 16 bytes long
  const Bignum number(BN_bin2bn(bytes(serial), serial_bytes, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Result<X509Ptr> issue(const Plan& plan, Random& random) {
  X509Ptr certificate(X509_new());
  X509* made = certificate.get();
  X509_NAME* subject = made ? X509_get_subject_name(made) : nullptr;
  bool good = made && X509_set_version(made, X509_VERSION_3) == 1 && set_serial(made, random) &&
              set_time(X509_getm_notBefore(made), plan.from) && set_time(X509_getm_notAfter(made), plan.until) &&
              X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, bytes(plan.common_name),
                                         static_cast<int>(plan.common_name.size()), -1, 0) == 1 &&
              X509_set_pubkey(made, plan.subject_key) == 1;
  X509* issuer = plan.issuer ? plan.issuer : made;
  good = good && X509_set_issuer_name(made, X509_get_subject_name(issuer)) == 1;
  for (const auto& [nid, value] : plan.extensions) good = good && add_extension(made, issuer, nid, value);
  good = good && X509_sign(made, plan.issuer_key, sha256_md()) > 0;
  ERR_clear_error();
  if (!good) return bad("a name in it is not valid");
  return certificate;
}

std::string pem_of(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  WARD_ASSERT(bio && PEM_write_bio_X509(bio.get(), certificate) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Result<X509Ptr> read_pem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509Ptr certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
  ERR_clear_error();
  if (!certificate) return bad("no certificate in PEM form found");
  return certificate;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-*") == name.npos;
}

bool is_address(std::string_view address) {
  return !address.empty() && address.size() <= 45 &&
         address.find_first_not_of("0123456789abcdefABCDEF.:") == address.npos;
}

Result<std::string> alternative_names(const LeafNames& names) {
  std::string text;
  for (const std::string& dns : names.dns) {
    if (!is_name(dns)) return bad("a DNS name in it is not valid");
    text += (text.empty() ? "DNS:" : ",DNS:") + dns;
  }
  for (const std::string& ip : names.ip) {
    if (!is_address(ip)) return bad("an IP address in it is not valid");
    text += (text.empty() ? "IP:" : ",IP:") + ip;
  }
  return text;
}

Result<CertificateAndKey> make_leaf(const CertificateAndKey& authority, const LeafNames& names,
                                    const std::string& extended_usage, Clock& clock, Random& random,
                                    std::chrono::days lifetime) {
  if (lifetime > leaf_lifetime_max || lifetime < 1h) return bad("its lifetime must be 1 to 397 days");
  if (names.common_name.empty() || names.common_name.size() > name_bytes_max)
    return bad("its common name must have 1 to 64 bytes");
  auto alternatives = alternative_names(names);
  if (!alternatives) return std::unexpected(alternatives.error());
  auto issuer = read_pem(authority.certificate_pem);
  if (!issuer) return std::unexpected(issuer.error());
  auto issuer_key = SigningKey::from_pem(authority.key_pem);
  if (!issuer_key) return std::unexpected(issuer_key.error());
  if (X509_check_ca(issuer->get()) != 1 || X509_check_private_key(issuer->get(), issuer_key->native()) != 1) {
    ERR_clear_error();
    return bad("its authority is no authority, or has another key");
  }
  const SigningKey key = SigningKey::generate(SigningKey::Kind::p256);
  const WallTime from = clock.wall() - backdated;
  Plan plan{names.common_name,
            from,
            from + lifetime - 1s,
            key.native(),
            issuer->get(),
            issuer_key->native(),
            {{NID_basic_constraints, "critical,CA:FALSE"},
             {NID_key_usage, "critical,digitalSignature"},
             {NID_ext_key_usage, extended_usage},
             {NID_subject_key_identifier, "hash"},
             {NID_authority_key_identifier, "keyid:always"}}};
  if (!alternatives->empty()) plan.extensions.emplace_back(NID_subject_alt_name, *alternatives);
  auto certificate = issue(plan, random);
  if (!certificate) return std::unexpected(certificate.error());
  return CertificateAndKey{pem_of(certificate->get()), key.to_pem()};
}

}  // namespace

Result<CertificateAndKey> make_authority(const std::string& common_name, Clock& clock, Random& random) {
  if (common_name.empty() || common_name.size() > name_bytes_max) return bad("its common name must have 1 to 64 bytes");
  const SigningKey key = SigningKey::generate(SigningKey::Kind::p256);
  const WallTime from = clock.wall() - backdated;
  const Plan plan{common_name,
                  from,
                  from + authority_lifetime,
                  key.native(),
                  nullptr,
                  key.native(),
                  {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                   {NID_key_usage, "critical,keyCertSign,cRLSign"},
                   {NID_subject_key_identifier, "hash"},
                   {NID_authority_key_identifier, "keyid:always"}}};
  auto certificate = issue(plan, random);
  if (!certificate) return std::unexpected(certificate.error());
  return CertificateAndKey{pem_of(certificate->get()), key.to_pem()};
}

Result<CertificateAndKey> make_server_certificate(const CertificateAndKey& authority, const LeafNames& names,
                                                  Clock& clock, Random& random, std::chrono::days lifetime) {
  if (names.dns.empty() && names.ip.empty()) return bad("a server's needs a DNS name or an IP address");
  return make_leaf(authority, names, "serverAuth", clock, random, lifetime);
}

Result<CertificateAndKey> make_client_certificate(const CertificateAndKey& authority, const LeafNames& names,
                                                  Clock& clock, Random& random, std::chrono::days lifetime) {
  return make_leaf(authority, names, "clientAuth", clock, random, lifetime);
}

Result<WallTime> certificate_end(std::string_view pem) {
  auto certificate = read_pem(pem);
  if (!certificate) return std::unexpected(certificate.error());
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate->get()), &parts) != 1) return bad("its end is not a time");
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace ward::crypto
