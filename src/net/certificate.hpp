// Certificates as files: reading them, and the checks of hipaa-controls "TLS".
#pragma once

#include "tls.hpp"

#include <openssl/ssl.h>

namespace ward::net {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

struct LoadedCertificate {
  std::vector<Certificate> chain;  // the leaf first
  PrivateKey key;
  std::string ocsp;                // DER, may be empty
  std::vector<std::string> names;  // DNS names of the leaf, lower case, sorted
};

/// Reads and checks one set of files. What is wrong is appended to `findings`; nothing is returned after a fatal one.
std::optional<LoadedCertificate> load_certificate(const CertificateFiles&, Clock&,
                                                  std::vector<CertificateFinding>& findings);

}  // namespace ward::net
