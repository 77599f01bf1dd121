#include "keys.hpp"

#include "evp.hpp"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace ward::crypto {
namespace {

constexpr std::size_t ed25519_raw_bytes = 32;
constexpr std::size_t ed25519_signature_bytes = 64;
constexpr int rsa_bits_min = 2048;  // SP 800-131A; RFC 7518 section 3.3
constexpr int rsa_bits_max = 8192;  // above, one verification costs milliseconds

EVP_PKEY* make(SigningKey::Kind kind) {
  switch (kind) {
    case SigningKey::Kind::ed25519:
      return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case SigningKey::Kind::p256:
      return EVP_EC_gen("P-256");
    case SigningKey::Kind::p384:
      return EVP_EC_gen("P-384");
    case SigningKey::Kind::rsa2048:
      return EVP_RSA_gen(2048);
    case SigningKey::Kind::rsa3072:
      return EVP_RSA_gen(3072);
  }
  return nullptr;
}

Result<SigningKey::Kind> kind_of(EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
      return SigningKey::Kind::ed25519;
    case EVP_PKEY_RSA: {
      const int bits = EVP_PKEY_get_bits(key);
      if (bits < rsa_bits_min || bits > rsa_bits_max)
        return fail("key_invalid", "an RSA key must have 2048 to 8192 bits; make a new one");
      return bits < 3072 ? SigningKey::Kind::rsa2048 : SigningKey::Kind::rsa3072;
    }
    case EVP_PKEY_EC: {
      char group[32] = "";
      EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, nullptr);
      const std::string_view curve = group;
      if (curve == "prime256v1" || curve == "P-256") return SigningKey::Kind::p256;
      if (curve == "secp384r1" || curve == "P-384") return SigningKey::Kind::p384;
      return fail("key_invalid", "an EC key must be on P-256 or P-384");
    }
    default:
      return fail("key_invalid", "a signing key must be Ed25519, P-256, P-384 or RSA");
  }
}

// Does the private part belong to the public one? Not for RSA, where OpenSSL would test primes for a second.
bool consistent(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) return true;
  PkeyCtx context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  return context && EVP_PKEY_pairwise_check(context.get()) == 1;
}

}  // namespace

SigningKey SigningKey::generate(Kind kind) {
  EVP_PKEY* made = make(kind);
  WARD_ASSERT(made != nullptr);
  SigningKey key;
  key.key_ = std::shared_ptr<EVP_PKEY>(made, EVP_PKEY_free);
  key.kind_ = kind;
  return key;
}

Result<SigningKey> SigningKey::adopt(EVP_PKEY* native) {
  SigningKey key;
  key.key_ = std::shared_ptr<EVP_PKEY>(native, EVP_PKEY_free);
  auto kind = kind_of(native);
  if (!kind) return std::unexpected(kind.error());
  key.kind_ = *kind;
  if (!consistent(native))
    return fail("key_invalid", "the private and the public part of the key do not belong together");
  return key;
}

Result<SigningKey> SigningKey::from_pem(const Secret<std::string>& pem) {
  const std::string& text = pem.reveal();
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  // A callback that gives no password, or OpenSSL would ask for one on the terminal.
  auto no_password = [](char*, int, int, void*) { return -1; };
  EVP_PKEY* key = bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr) : nullptr;
  ERR_clear_error();
  if (key == nullptr) return fail("key_invalid", "no private key in PEM form (PKCS#8, not encrypted) found");
  return adopt(key);
}

Secret<std::string> SigningKey::to_pem() const {
  WARD_ASSERT(key_ != nullptr);
  Bio bio(BIO_new(BIO_s_secmem()));
  WARD_ASSERT(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return Secret<std::string>(std::string(text, static_cast<std::size_t>(size)));
}

std::string SigningKey::sign_ed25519(std::string_view message) const {
  WARD_ASSERT(key_ != nullptr && kind_ == Kind::ed25519);
  MdCtx context(EVP_MD_CTX_new());
  std::string signature(ed25519_signature_bytes, '\0');
  std::size_t size = signature.size();
  const bool good =
      context && EVP_DigestSignInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key_.get(), nullptr) == 1 &&
      EVP_DigestSign(context.get(), bytes(signature.data()), &size, bytes(message), message.size()) == 1;
  WARD_ASSERT(good && size == signature.size());
  return signature;
}

std::string SigningKey::public_raw_ed25519() const {
  WARD_ASSERT(key_ != nullptr && kind_ == Kind::ed25519);
  std::string raw(ed25519_raw_bytes, '\0');
  std::size_t size = raw.size();
  WARD_ASSERT(EVP_PKEY_get_raw_public_key(key_.get(), bytes(raw.data()), &size) == 1 && size == raw.size());
  return raw;
}

bool verify_ed25519(std::string_view public_raw, std::string_view message, std::string_view signature) {
  if (public_raw.size() != ed25519_raw_bytes || signature.size() != ed25519_signature_bytes) return false;
  Pkey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(public_raw), public_raw.size()));
  MdCtx context(EVP_MD_CTX_new());
  const bool good =
      key && context &&
      EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, key.get(), nullptr) == 1 &&
      EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace ward::crypto
