#include "certificate.hpp"

#include "base/encoding.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <sys/stat.h>
#include <fstream>
#include <iterator>

namespace ward::net {
namespace {

using Findings = std::vector<CertificateFinding>;
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;

void fatal(Findings& findings, const std::filesystem::path& file, std::string message) {
  findings.push_back({file, true, std::move(message)});
}
void warn(Findings& findings, const std::filesystem::path& file, std::string message) {
  findings.push_back({file, false, std::move(message)});
}

std::vector<Certificate> read_chain(const std::filesystem::path& file) {
  std::vector<Certificate> chain;
  const Bio bio(BIO_new_file(file.c_str(), "r"));
  if (!bio) return chain;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) chain.emplace_back(certificate);
  ERR_clear_error();
  return chain;
}

PrivateKey read_key(const std::filesystem::path& file) {
  const Bio bio(BIO_new_file(file.c_str(), "r"));
  if (!bio) return nullptr;
  // An encrypted key must not make the server ask on a terminal.
  pem_password_cb* no_password = [](char*, int, int, void*) { return -1; };
  PrivateKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return key;
}

void check_key_file(const std::filesystem::path& file, Findings& findings) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) return fatal(findings, file, "cannot be read: is the path right?");
  if ((status.st_mode & 077) != 0) fatal(findings, file, "is open to group or others; chmod 600 it");
}

void check_public_key(X509* certificate, const std::filesystem::path& file, Findings& findings) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  const int kind = key == nullptr ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key);
  const int bits = key == nullptr ? 0 : EVP_PKEY_get_bits(key);
  if (kind == EVP_PKEY_RSA) {
    if (bits < 2048)
      fatal(findings, file, fmt::format("has an RSA key of {} bits; at least 2048 are needed", bits));
    else if (bits < 3072)
      warn(findings, file, fmt::format("has an RSA key of {} bits; 3072 give 128 bits of strength", bits));
    return;
  }
  char group[32] = "";
  std::size_t length = 0;
  if (kind == EVP_PKEY_EC) EVP_PKEY_get_group_name(key, group, sizeof group, &length);
  const std::string_view name(group);
  if (name != "prime256v1" && name != "P-256" && name != "secp384r1" && name != "P-384") {
    fatal(findings, file, "has a key that is neither ECDSA on P-256 or P-384 nor RSA");
  }
}

void check_use(X509* leaf, const std::filesystem::path& file, Findings& findings) {
  if (X509_get_version(leaf) != X509_VERSION_3) fatal(findings, file, "is not an X.509 version 3 certificate");
  const std::uint32_t flags = X509_get_extension_flags(leaf);
  if ((flags & EXFLAG_XKUSAGE) == 0 || (X509_get_extended_key_usage(leaf) & XKU_SSL_SERVER) == 0) {
    fatal(findings, file, "lacks the extended key usage serverAuth");
  }
  if ((flags & EXFLAG_KUSAGE) == 0 || (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0) {
    fatal(findings, file, "lacks the key usage digitalSignature");
  }
  if ((flags & EXFLAG_CA) != 0) warn(findings, file, "is a CA's certificate; a server should have its own");
}

void check_signatures(const std::vector<Certificate>& chain, const std::filesystem::path& file, Findings& findings) {
  for (std::size_t index = 0; index < chain.size(); ++index) {
    X509* certificate = chain[index].get();
    const bool own_root = index > 0 && X509_self_signed(certificate, 0) == 1;  // nobody verifies a root's signature
    int digest = NID_undef;
    X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr);
    const bool strong = digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512;
    if (!strong && !own_root)
      fatal(findings, file, fmt::format("certificate {} of the chain is not signed with SHA-256 or better", index + 1));
    if (index + 1 < chain.size() && X509_check_issued(chain[index + 1].get(), certificate) != X509_V_OK) {
      warn(findings, file, fmt::format("certificate {} of the chain was not issued by the next one", index + 1));
    }
  }
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
  return timegm(&parts);
}

void check_life(X509* leaf, std::int64_t now, const std::filesystem::path& file, Findings& findings) {
  constexpr std::int64_t day = 86'400;
  const std::int64_t from = seconds_of(X509_get0_notBefore(leaf)), until = seconds_of(X509_get0_notAfter(leaf));
  if (now < from) fatal(findings, file, "is not valid yet");
  if (now >= until) return fatal(findings, file, "has expired; renew it");
  const std::int64_t life = until - from;
  if (until - now < life / 5) warn(findings, file, fmt::format("expires in {} days; renew it", (until - now) / day));
  // CA/B Forum SC-081v3, by day of issue; a CA of one's own may take 398 days.
  constexpr std::pair<std::int64_t, int> public_rules[] = {
      {1'868'227'200, 47}, {1'805'068'800, 100}, {1'773'532'800, 200}};
  if (life > 398 * day + 1)
    warn(findings, file, fmt::format("is valid for {} days; 398 are the most for a CA of one's own", life / day));
  for (const auto& [issued_from, days] : public_rules) {
    if (from < issued_from) continue;
    if (life > days * day + 1)
      warn(findings, file, fmt::format("is valid for {} days; a public CA may give {}", life / day, days));
    break;
  }
}

std::vector<std::string> dns_names(X509* leaf) {
  std::vector<std::string> names;
  auto* alternatives = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names.push_back(ascii_lower({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
  }
  GENERAL_NAMES_free(alternatives);
  std::sort(names.begin(), names.end());
  return names;
}

std::string read_ocsp(const std::filesystem::path& file, Findings& findings) {
  if (file.empty()) return {};
  std::ifstream stream(file, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(stream), {}};
  if (bytes.empty()) warn(findings, file, "no OCSP response could be read; nothing is stapled");
  if (bytes.size() > 16'384) {
    warn(findings, file, "is larger than an OCSP response; nothing is stapled");
    bytes.clear();
  }
  return bytes;
}

}  // namespace

std::optional<LoadedCertificate> load_certificate(const CertificateFiles& files, Clock& clock, Findings& findings) {
  const std::size_t before = findings.size();
  LoadedCertificate loaded;
  loaded.chain = read_chain(files.chain);
  if (loaded.chain.empty()) {
    fatal(findings, files.chain, "no PEM certificate could be read");
    return std::nullopt;
  }
  X509* leaf = loaded.chain.front().get();
  check_key_file(files.key, findings);
  loaded.key = read_key(files.key);
  if (!loaded.key)
    fatal(findings, files.key, "no unencrypted PEM private key could be read");
  else if (X509_check_private_key(leaf, loaded.key.get()) != 1)
    fatal(findings, files.key, "does not belong to the certificate");
  check_public_key(leaf, files.chain, findings);
  check_use(leaf, files.chain, findings);
  check_signatures(loaded.chain, files.chain, findings);
  check_life(leaf, unix_seconds(clock.wall()), files.chain, findings);
  loaded.names = dns_names(leaf);
  loaded.ocsp = read_ocsp(files.ocsp, findings);
  ERR_clear_error();
  const bool refused = std::any_of(findings.begin() + static_cast<std::ptrdiff_t>(before), findings.end(),
                                   [](const CertificateFinding& f) { return f.fatal; });
  if (refused) return std::nullopt;
  return loaded;
}

std::vector<CertificateFinding> check_certificate(const CertificateFiles& files, Clock& clock) {
  Findings findings;
  load_certificate(files, clock, findings);
  return findings;
}

}  // namespace ward::net
