// Signatures as a program without Ward would make and check them: OpenSSL's EVP_DigestSign and EVP_DigestVerify.
#pragma once

#include "base/error.hpp"

#include <openssl/evp.h>
#include <memory>
#include <string>
#include <string_view>

namespace ward::bench {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

inline const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

inline std::string bare_sign(EVP_PKEY* key, const EVP_MD* digest, std::string_view message) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = signature.size();
  const bool good = EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
                    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                   bytes(message), message.size()) == 1;
  WARD_ASSERT(good);
  signature.resize(size);
  return signature;
}

inline void bare_verify(EVP_PKEY* key, const EVP_MD* digest, std::string_view message, std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
  WARD_ASSERT(good);
}

}  // namespace ward::bench
