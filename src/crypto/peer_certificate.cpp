#include "peer_certificate.hpp"

#include "base/encoding.hpp"
#include "evp.hpp"
#include "hash.hpp"
#include "jwk_parts.hpp"

#include <openssl/core_names.h>
#include <openssl/x509v3.h>

namespace ward::crypto {
namespace {

using GeneralNames = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

std::unexpected<Error> bad(std::string_view what) { return fail("certificate", "certificate: " + std::string(what)); }

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::optional<WallTime> time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

// A key on a curve that its owner has described himself may have any public point that he likes, also that of somebody
// else (CVE-2020-0601).
bool describes_its_curve(EVP_PKEY* key) {
  int is_explicit = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         (EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit) != 1 ||
          is_explicit != 0);
}

// By way of a JWK, so that a key of a certificate has to pass what a registered one has to.
std::optional<PublicKey> key_of(X509* certificate) {
  EVP_PKEY* native = X509_get0_pubkey(certificate);
  if (native == nullptr || describes_its_curve(native)) return std::nullopt;
  auto key = PublicKey::from_jwk(required_members(parts_of(native)) + '}');
  return key ? std::optional(std::move(*key)) : std::nullopt;
}

Result<void> read_names(X509* certificate, PeerCertificate& read) {
  int found = 0;
  const GeneralNames names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, &found, nullptr)));
  constexpr int absent = -1;
  if (!names && found != absent) return bad("its alternative names are not readable, or there twice");
  if (sk_GENERAL_NAME_num(names.get()) > PeerCertificate::names_max) return bad("more than 100 alternative names");
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    int kind = 0;
    const void* value = GENERAL_NAME_get0_value(name, &kind);
    std::vector<std::string>* list = kind == GEN_DNS     ? &read.dns
                                     : kind == GEN_URI   ? &read.uris
                                     : kind == GEN_EMAIL ? &read.emails
                                     : kind == GEN_IPADD ? &read.addresses
                                                         : nullptr;
    if (list != nullptr) list->push_back(text_of(static_cast<const ASN1_STRING*>(value)));
  }
  return {};
}

Result<PeerCertificate> read_all(X509* certificate) {
  PeerCertificate read;
  const auto from = time_of(X509_get0_notBefore(certificate)), until = time_of(X509_get0_notAfter(certificate));
  if (!from || !until) return bad("its validity is not readable");
  read.from = *from;
  read.until = *until;
  read.subject = DistinguishedName::adopt(X509_NAME_dup(X509_get_subject_name(certificate)));
  read.key = key_of(certificate);
  if (auto names = read_names(certificate, read); !names) return std::unexpected(std::move(names.error()));
  return read;
}

}  // namespace

Result<PeerCertificate> PeerCertificate::parse(std::string_view der) {
  if (der.empty() || der.size() > bytes_max) return bad("must have 1 byte to 32 KiB");
  const unsigned char* at = bytes(der);
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const bool whole = certificate && at == bytes(der) + der.size();
  auto read = whole ? read_all(certificate.get()) : bad("not one certificate in DER");
  ERR_clear_error();
  return read;
}

std::string certificate_thumbprint(std::string_view der) { return base64url_encode(view(sha256(der))); }

}  // namespace ward::crypto
