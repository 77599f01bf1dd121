#include "signature.hpp"

#include "hash.hpp"
#include "jwk_parts.hpp"

#include <openssl/ec.h>
#include <openssl/rsa.h>

namespace ward::crypto {
namespace {

enum class Scheme : std::uint8_t { ecdsa, rsa_pkcs1, rsa_pss, eddsa };
struct AlgorithmRow {
  std::string_view name;
  Scheme scheme;
  bool sha384;
};
// RFC 7518 section 3.1 and RFC 8037 section 3.1, in the order of Algorithm.
constexpr std::array<AlgorithmRow, 7> rows{{{"ES256", Scheme::ecdsa, false},
                                            {"ES384", Scheme::ecdsa, true},
                                            {"RS256", Scheme::rsa_pkcs1, false},
                                            {"RS384", Scheme::rsa_pkcs1, true},
                                            {"PS256", Scheme::rsa_pss, false},
                                            {"PS384", Scheme::rsa_pss, true},
                                            {"EdDSA", Scheme::eddsa, false}}};

const AlgorithmRow& row(Algorithm algorithm) { return rows[static_cast<std::size_t>(algorithm)]; }
const EVP_MD* digest_of(const AlgorithmRow& row) { return row.sha384 ? sha384_md() : sha256_md(); }

using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

// RFC 7518 section 3.4: r || s, each as long as the curve's order.
std::string der_of(std::string_view raw) {
  const EcdsaSignature signature(ECDSA_SIG_new());
  const auto half = raw.size() / 2;
  BIGNUM* r = BN_bin2bn(bytes(raw), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(bytes(raw) + half, static_cast<int>(half), nullptr);
  WARD_ASSERT(signature && r && s && ECDSA_SIG_set0(signature.get(), r, s) == 1);
  std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(signature.get(), nullptr)), '\0');
  unsigned char* out = bytes(der.data());
  i2d_ECDSA_SIG(signature.get(), &out);
  return der;
}

std::string raw_of(std::string_view der, std::size_t half) {
  const unsigned char* in = bytes(der);
  const EcdsaSignature signature(d2i_ECDSA_SIG(nullptr, &in, static_cast<long>(der.size())));
  std::string raw(2 * half, '\0');
  WARD_ASSERT(signature != nullptr);
  const int size = static_cast<int>(half);
  const bool good = BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), bytes(raw.data()), size) == size &&
                    BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), bytes(raw.data()) + half, size) == size;
  WARD_ASSERT(good);
  return raw;
}

bool set_padding(EVP_PKEY_CTX* context, const AlgorithmRow& row) {
  if (row.scheme == Scheme::rsa_pkcs1) return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
  if (row.scheme != Scheme::rsa_pss) return true;
  // RFC 7518 section 3.5: MGF1 with the same hash, a salt as long as the hash.
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest_of(row)) == 1;
}

std::size_t signature_bytes(EVP_PKEY* key, const AlgorithmRow& row) {
  switch (row.scheme) {
    case Scheme::ecdsa:
      return row.sha384 ? 96 : 64;
    case Scheme::eddsa:
      return 64;
    default:
      return (static_cast<std::size_t>(EVP_PKEY_get_bits(key)) + 7) / 8;
  }
}

}  // namespace

std::string_view name(Algorithm algorithm) { return row(algorithm).name; }

std::optional<Algorithm> parse_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].name == name) return static_cast<Algorithm>(i);
  return std::nullopt;
}

std::unique_ptr<Verifier> Verifier::prepare(Pkey key, Algorithms algorithms) {
  auto made = std::make_unique<Verifier>();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!algorithms.has(static_cast<Algorithm>(i)) || rows[i].scheme == Scheme::eddsa) continue;
    PkeyCtx context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    const bool good = context && EVP_PKEY_verify_init(context.get()) == 1 && set_padding(context.get(), rows[i]) &&
                      EVP_PKEY_CTX_set_signature_md(context.get(), digest_of(rows[i])) == 1;
    WARD_ASSERT(good);
    made->ready_[i] = std::move(context);
  }
  made->key_ = std::move(key);
  return made;
}

bool Verifier::verify(Algorithm algorithm, std::string_view message, std::string_view signature) const {
  const AlgorithmRow& how = row(algorithm);
  if (signature.size() != signature_bytes(key_.get(), how)) return false;
  bool good = false;
  if (how.scheme == Scheme::eddsa) {
    const MdCtx context(EVP_MD_CTX_new());
    good = context &&
           EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key_.get(), nullptr) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
  } else {
    const EVP_PKEY_CTX* ready = ready_[static_cast<std::size_t>(algorithm)].get();
    WARD_ASSERT(ready != nullptr);
    const PkeyCtx context(EVP_PKEY_CTX_dup(ready));
    const std::string hash = how.sha384 ? sha384(message) : std::string(view(sha256(message)));
    const std::string der = how.scheme == Scheme::ecdsa ? der_of(signature) : std::string();
    const std::string_view native = how.scheme == Scheme::ecdsa ? std::string_view(der) : signature;
    good = context && EVP_PKEY_verify(context.get(), bytes(native), native.size(), bytes(hash), hash.size()) == 1;
  }
  if (!good) ERR_clear_error();
  return good;
}

std::string sign_with(EVP_PKEY* key, Algorithm algorithm, std::string_view message) {
  const AlgorithmRow& how = row(algorithm);
  const MdCtx context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* inner = nullptr;
  const EVP_MD* md = how.scheme == Scheme::eddsa ? nullptr : digest_of(how);
  bool good = context && EVP_DigestSignInit(context.get(), &inner, md, nullptr, key) == 1 && set_padding(inner, how);
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = signature.size();
  good = good && EVP_DigestSign(context.get(), bytes(signature.data()), &size, bytes(message), message.size()) == 1;
  WARD_ASSERT(good);
  signature.resize(size);
  return how.scheme == Scheme::ecdsa ? raw_of(signature, signature_bytes(key, how) / 2) : signature;
}

}  // namespace ward::crypto
