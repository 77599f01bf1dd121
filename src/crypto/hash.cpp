#include "hash.hpp"

#include "evp.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

namespace ward::crypto {
namespace {

// A context per thread: making one costs more than hashing a short text.
EVP_MD_CTX* thread_context() {
  thread_local MdCtx context(EVP_MD_CTX_new());
  WARD_ASSERT(context != nullptr);
  return context.get();
}

void digest(const EVP_MD* md, std::initializer_list<std::string_view> pieces, unsigned char* out) {
  EVP_MD_CTX* context = thread_context();
  bool good = EVP_DigestInit_ex2(context, md, nullptr) == 1;
  for (std::string_view piece : pieces) good = good && EVP_DigestUpdate(context, bytes(piece), piece.size()) == 1;
  good = good && EVP_DigestFinal_ex(context, out, nullptr) == 1;
  WARD_ASSERT(good);
}

}  // namespace

Sha256 sha256(std::string_view data) { return sha256({data}); }

Sha256 sha256(std::initializer_list<std::string_view> pieces) {
  Sha256 out;
  digest(sha256_md(), pieces, out.data());
  return out;
}

std::string sha384(std::string_view data) {
  std::string out(48, '\0');
  digest(sha384_md(), {data}, bytes(out.data()));
  return out;
}

Sha256 hmac_sha256(std::string_view key, std::string_view data) {
  static EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  WARD_ASSERT(mac != nullptr);
  std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>> context(EVP_MAC_CTX_new(mac));
  char digest_name[] = "SHA2-256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
                                   OSSL_PARAM_construct_end()};
  Sha256 out;
  std::size_t size = 0;
  const bool good = context && EVP_MAC_init(context.get(), bytes(key), key.size(), parameters) == 1 &&
                    EVP_MAC_update(context.get(), bytes(data), data.size()) == 1 &&
                    EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1 && size == out.size();
  WARD_ASSERT(good);
  return out;
}

}  // namespace ward::crypto
