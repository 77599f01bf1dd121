// Certificates as strangers might bring them, in DER. For tests of several rooms.
#pragma once

#include "crypto/keys.hpp"

#include <openssl/core_names.h>
#include <openssl/x509v3.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ward::crypto {

struct CertificateWish {
  /// Relative names in the certificate's order: short name and value. "+CN" joins the one before.
  std::vector<std::pair<std::string, std::string>> subject = {{"CN", "client"}};
  std::string alternative_names;                       // as OpenSSL's configuration has them: "DNS:a,URI:b"
  std::vector<std::pair<int, std::string>> raw_names;  // GEN_DNS and so on, with bytes that no configuration takes
  long from_s = -3'600, until_s = 86'400;              // from now
  EVP_PKEY* key = nullptr;                             // null: a new one on P-256
};

/// Self-signed.
inline std::string make_certificate(const CertificateWish& wish) {
  X509* certificate = X509_new();
  EVP_PKEY* own = wish.key == nullptr ? EVP_EC_gen("P-256") : nullptr;
  EVP_PKEY* key = wish.key == nullptr ? own : wish.key;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), wish.from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), wish.until_s);
  X509_set_pubkey(certificate, key);
  X509_NAME* subject = X509_get_subject_name(certificate);
  for (const auto& [name, value] : wish.subject) {
    const bool joins = name.starts_with('+');
    X509_NAME_add_entry_by_txt(subject, name.c_str() + (joins ? 1 : 0), MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.data()), static_cast<int>(value.size()), -1,
                               joins ? -1 : 0);
  }
  X509_set_issuer_name(certificate, subject);
  if (!wish.alternative_names.empty()) {
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, wish.alternative_names.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  if (!wish.raw_names.empty()) {
    GENERAL_NAMES* names = sk_GENERAL_NAME_new_null();
    for (const auto& [kind, value] : wish.raw_names) {
      GENERAL_NAME* name = GENERAL_NAME_new();
      ASN1_IA5STRING* text = ASN1_IA5STRING_new();
      ASN1_STRING_set(text, value.data(), static_cast<int>(value.size()));
      GENERAL_NAME_set0_value(name, kind, text);
      sk_GENERAL_NAME_push(names, name);
    }
    X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND);
    GENERAL_NAMES_free(names);
  }
  const bool hashes_itself = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
  X509_sign(certificate, key, hashes_itself ? nullptr : EVP_sha256());
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  std::string der(reinterpret_cast<char*>(bytes), size > 0 ? static_cast<std::size_t>(size) : 0);
  OPENSSL_free(bytes);
  EVP_PKEY_free(own);
  X509_free(certificate);
  return der;
}

}  // namespace ward::crypto
