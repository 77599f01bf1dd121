// Owners for OpenSSL's objects, and the algorithms that we fetch once.
#pragma once

#include "base/error.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <memory>
#include <string_view>

namespace ward::crypto {

template <auto free_function>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

using Pkey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using PkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using MdCtx = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using CipherCtx = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Bignum = std::unique_ptr<BIGNUM, Freed<BN_clear_free>>;
using X509Ptr = std::unique_ptr<X509, Freed<X509_free>>;

inline const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.empty() ? "" : text.data());
}
inline unsigned char* bytes(char* text) { return reinterpret_cast<unsigned char*>(text); }

/// Fetching walks the providers under a lock; these do it once per process.
inline const EVP_MD* sha256_md() {
  static const EVP_MD* md = EVP_MD_fetch(nullptr, "SHA2-256", nullptr);
  WARD_ASSERT(md != nullptr);
  return md;
}
inline const EVP_MD* sha384_md() {
  static const EVP_MD* md = EVP_MD_fetch(nullptr, "SHA2-384", nullptr);
  WARD_ASSERT(md != nullptr);
  return md;
}

}  // namespace ward::crypto
