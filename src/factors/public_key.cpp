#include "public_key.hpp"

#include "cbor.hpp"
#include "passkey.hpp"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>

namespace ward::factors {
namespace {

using cbor::Type;

// Labels of COSE_Key: RFC 9052 section 7.1; RFC 9053 section 7; RFC 8230 section 4.
constexpr std::int64_t label_kty = 1, label_alg = 3, label_crv = -1, label_x = -2, label_y = -3;
constexpr std::int64_t label_n = -1, label_e = -2;
constexpr std::size_t coordinate_bytes = 32, modulus_bytes = 256;

// What a key of an algorithm must say, member by member, and nothing else.
class Members {
 public:
  explicit Members(const cbor::Document& document) : document_(document) {}
  bool are(std::size_t count) const { return document_.root().number == count; }
  bool has(std::int64_t label, std::int64_t number) const { return cbor::integer(member(label)) == number; }
  /// Empty if it is not there with this length.
  std::string_view bytes(std::int64_t label, std::size_t size) const {
    const cbor::Item* item = member(label);
    return cbor::is(item, Type::bytes) && item->string.size() == size ? item->string : std::string_view();
  }

 private:
  const cbor::Item* member(std::int64_t label) const { return document_.member(&document_.root(), label); }
  const cbor::Document& document_;
};

template <class Key, auto make, auto from_bytes, auto free>
std::shared_ptr<const void> native_key(const std::string& raw) {
  Key* key = make();
  if (key == nullptr) return nullptr;
  std::shared_ptr<const void> owner(static_cast<const void*>(key), [key](const void*) {
    Key* mine = key;
    free(&mine);
  });
  return from_bytes(key, raw.data(), raw.size()) == FIDO_OK ? owner : nullptr;
}

std::shared_ptr<const void> es256(const Members& key) {
  const auto x = key.bytes(label_x, coordinate_bytes), y = key.bytes(label_y, coordinate_bytes);
  if (!key.are(5) || !key.has(label_kty, COSE_KTY_EC2) || !key.has(label_crv, COSE_P256) || x.empty() || y.empty())
    return nullptr;
  return native_key<es256_pk_t, es256_pk_new, es256_pk_from_ptr, es256_pk_free>(std::string(x) + std::string(y));
}

std::shared_ptr<const void> eddsa(const Members& key) {
  const auto x = key.bytes(label_x, coordinate_bytes);
  if (!key.are(4) || !key.has(label_kty, COSE_KTY_OKP) || !key.has(label_crv, COSE_ED25519) || x.empty())
    return nullptr;
  return native_key<eddsa_pk_t, eddsa_pk_new, eddsa_pk_from_ptr, eddsa_pk_free>(std::string(x));
}

std::shared_ptr<const void> rs256(const Members& key) {
  const auto n = key.bytes(label_n, modulus_bytes);
  const auto e = key.bytes(label_e, 3);
  constexpr std::string_view exponent("\x01\x00\x01", 3);
  if (!key.are(4) || !key.has(label_kty, COSE_KTY_RSA) || n.empty() || (n[0] & 0x80) == 0 || e != exponent)
    return nullptr;
  return native_key<rs256_pk_t, rs256_pk_new, rs256_pk_from_ptr, rs256_pk_free>(std::string(n) + std::string(e));
}

}  // namespace

bool is_allowed_algorithm(std::int64_t cose_algorithm) {
  return cose_algorithm == cose_es256 || cose_algorithm == cose_eddsa || cose_algorithm == cose_rs256;
}

Result<CredentialKey> CredentialKey::parse(std::string_view cose) {
  const auto document = cbor::Document::parse(cose);
  if (!document || document->root().type != Type::map) return fail("public_key", "the public key is no COSE_Key");
  const auto algorithm = cbor::integer(document->member(&document->root(), label_alg));
  if (!algorithm || !is_allowed_algorithm(*algorithm))
    return fail("algorithm", "the public key is for an algorithm that was not offered");
  const Members members(*document);
  auto key = *algorithm == cose_es256 ? es256(members) : *algorithm == cose_eddsa ? eddsa(members) : rs256(members);
  if (!key) return fail("public_key", "the public key does not fit its algorithm");
  return CredentialKey(static_cast<int>(*algorithm), std::move(key));
}

}  // namespace ward::factors
