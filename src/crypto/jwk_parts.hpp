// JWK members to OpenSSL keys and back.
#pragma once

#include "evp.hpp"
#include "jose.hpp"

namespace ward::crypto {

/// The members of a public key that are its identity, decoded and checked.
struct PublicParts {
  enum class Type : std::uint8_t { ec, rsa, okp };
  Type type = Type::ec;
  std::string curve;  // crv of EC and OKP
  std::string x, y;   // EC; x alone of OKP
  std::string n, e;   // RSA, big-endian without leading zeros
};

/// Reads kty and the public members. Errors as PublicKey::from_jwk.
Result<PublicParts> read_public_parts(json::Value jwk);
PublicParts parts_of(EVP_PKEY* key);
Result<Pkey> make_public(const PublicParts& parts);
Algorithms fitting(const PublicParts& parts);

/// kty and the public members as RFC 7638 orders them: {"crv":...,"kty":...,"x":...}, without the closing brace.
std::string required_members(const PublicParts& parts);

/// One member as bytes; base64url must be canonical. Error "jwk_invalid".
Result<std::string> binary_member(json::Value jwk, std::string_view name);

/// A big-endian parameter of a key (OSSL_PKEY_PARAM_...), at least `bytes_min` long.
std::string number_of(EVP_PKEY* key, const char* parameter, std::size_t bytes_min = 0);

/// A key from parameters; takes numbers as big-endian bytes.
class KeyParameters {
 public:
  KeyParameters();
  KeyParameters& text(const char* name, const char* value);
  KeyParameters& octets(const char* name, const std::string& value);
  KeyParameters& number(const char* name, const std::string& value);
  Pkey make(const char* type, int selection);

 private:
  struct Builder;
  std::shared_ptr<Builder> builder_;
  bool good_ = true;
};

/// A signature in the form of JOSE. `key` is private.
std::string sign_with(EVP_PKEY* key, Algorithm algorithm, std::string_view message);

}  // namespace ward::crypto
