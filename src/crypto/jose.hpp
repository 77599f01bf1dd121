// JOSE over OpenSSL's EVP: signatures (RFC 7515, 7518, 8037), keys (RFC 7517, 7638) and tokens (RFC 7519, 8725).
//
// Offered: ES256, ES384, RS256, RS384, PS256, PS384, EdDSA (Ed25519). Never: `none`, HMAC, encryption. A key is used
// only with the algorithms of its allow-list. Headers `jku`, `x5u`, `x5c`, `jwk`, any `crit`, duplicate members and
// base64url that is not canonical are refused before a signature is looked at. Only a DPoP proof brings its key along,
// and has a type of its own here, which proves the holding of that key and nothing else.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/guarded.hpp"
#include "crypto/keys.hpp"
#include "json/json.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::crypto {

enum class Algorithm : std::uint8_t { es256, es384, rs256, rs384, ps256, ps384, eddsa };
std::string_view name(Algorithm algorithm);  // "ES256"
std::optional<Algorithm> parse_algorithm(std::string_view name);

/// A set of algorithms.
class Algorithms {
 public:
  constexpr Algorithms() = default;
  constexpr Algorithms(std::initializer_list<Algorithm> list) {
    for (Algorithm one : list) add(one);
  }
  static constexpr Algorithms all() { return Algorithms(0x7f); }
  constexpr void add(Algorithm one) { bits_ |= bit(one); }
  constexpr bool has(Algorithm one) const { return (bits_ & bit(one)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr Algorithms operator&(Algorithms other) const { return Algorithms(bits_ & other.bits_); }
  constexpr bool operator==(const Algorithms&) const = default;

 private:
  constexpr explicit Algorithms(unsigned bits) : bits_(static_cast<std::uint8_t>(bits)) {}
  static constexpr unsigned bit(Algorithm one) { return 1u << static_cast<unsigned>(one); }
  std::uint8_t bits_ = 0;
};

/// Signs with a key of our own. `algorithm` must fit the key's kind (asserted). Any thread.
std::string sign(const SigningKey& key, Algorithm algorithm, std::string_view message);
/// The algorithm that we use with a kind of key: ES256, ES384, EdDSA; RS384 for RSA, as SMART asks.
Algorithm default_algorithm(const SigningKey& key);

/// A private JWK (RFC 7517 section 4, RFC 7518 section 6, RFC 8037), for clients' keys and tests.
Result<SigningKey> signing_key_from_jwk(const Secret<std::string>& jwk);
Secret<std::string> private_jwk(const SigningKey& key, std::string_view key_id);

/// A public key that checks signatures, with its allow-list. Immutable; copies share; any thread.
class PublicKey {
 public:
  /// Errors name the member. "jwk_invalid": kty `oct`, a private member, a point that is not on its curve, RSA below
  /// 2048 or above 8192 bits or with a bad exponent, `alg` that does not fit, malformed. "jwk_unknown": a kind, curve,
  /// `alg`, `use` or `key_ops` that is not ours.
  static Result<PublicKey> from_jwk(json::Value jwk);
  static Result<PublicKey> from_jwk(std::string_view jwk);
  static PublicKey of(const SigningKey& key, std::string key_id, Algorithms allowed = Algorithms::all());

  const std::string& id() const;  // `kid`, may be empty
  Algorithms algorithms() const;  // those that fit the key, and `alg` if it was given
  PublicKey only(Algorithms allowed) const;
  /// False for an algorithm that is not allowed, a signature of the wrong form, or one that does not verify.
  bool verify(Algorithm algorithm, std::string_view message, std::string_view signature) const;
  std::string jwk() const;         // public members, `kid`, `use`, and `alg` if there is just one
  std::string thumbprint() const;  // RFC 7638, SHA-256, base64url

 private:
  struct Inside;
  explicit PublicKey(std::shared_ptr<const Inside> inside) : inside_(std::move(inside)) {}
  std::shared_ptr<const Inside> inside_;
};

/// A JWK set (RFC 7517 section 5) of at most `keys_max` keys in at most `bytes_max` bytes.
class KeySet {
 public:
  static constexpr std::size_t keys_max = 32;
  static constexpr std::size_t bytes_max = 64 * 1024;

  KeySet() = default;
  explicit KeySet(std::vector<PublicKey> keys) : keys_(std::move(keys)) {}
  /// Keys of a kind or use that we do not know are left out, as section 5 asks; an `oct` or private key, or two keys
  /// with one kid and algorithm, make the whole set an error. Errors: "jwk_invalid", "jwks_invalid".
  static Result<KeySet> parse(std::string_view text);
  const std::vector<PublicKey>& keys() const { return keys_; }
  KeySet only(Algorithms allowed) const;
  std::string text() const;

 private:
  std::vector<PublicKey> keys_;
};

/// What a token must say to be taken. Times are in whole seconds, as JWT's are.
struct ClaimRules {
  std::string type;                    // `typ`, without "application/", ignoring case; empty: any of "", "JWT"
  std::string issuer;                  // empty: not checked
  std::vector<std::string> audiences;  // one of them must be in `aud`; empty: not checked
  std::chrono::seconds skew{0};
  std::chrono::seconds lifetime_max{0};  // `exp` at most this far ahead; 0: not checked
  bool issued_at = false;                // `iat` required
  bool token_id = false;                 // `jti` required
};

/// A token whose signature was verified. Owns its text.
class Jwt {
 public:
  Algorithm algorithm() const { return algorithm_; }
  const std::string& key_id() const { return key_id_; }
  const std::string& type() const { return type_; }
  json::Value claims() const { return claims_->root(); }
  std::string claim(std::string_view name) const;                 // as text, or ""
  std::optional<std::int64_t> time(std::string_view name) const;  // seconds; empty if absent or no number
  std::string audience() const;                                   // the first of `aud`
  /// RFC 7519 section 4.1 and RFC 8725. Errors: "jwt_type", "jwt_issuer", "jwt_audience", "jwt_expired", "jwt_not_yet",
  /// "jwt_lifetime", "jwt_claim" (absent or of the wrong form).
  Result<void> check(const ClaimRules& rules, WallTime now) const;

 private:
  friend class UnverifiedJwt;
  friend struct DpopJwt;
  Jwt() = default;
  static Result<Jwt> make(Algorithm algorithm, std::string key_id, std::string type, std::string payload);
  Algorithm algorithm_{};
  std::string key_id_, type_;
  std::unique_ptr<std::string> payload_;  // claims_ points into it
  std::unique_ptr<json::Document> claims_;
};

/// A token that has the right form. The only way to its claims is `verify`; who it says that it is from, and by which
/// key, may be looked at to find that key.
class UnverifiedJwt {
 public:
  static constexpr std::size_t bytes_max = 16 * 1024;
  /// Error "jwt_malformed", "jwt_header" (refused header), "jwt_algorithm". Messages hold nothing of the token.
  static Result<UnverifiedJwt> parse(std::string_view compact);

  Algorithm algorithm() const { return jwt_.algorithm_; }
  const std::string& key_id() const { return jwt_.key_id_; }
  const std::string& type() const { return jwt_.type_; }
  std::string claimed_issuer() const { return jwt_.claim("iss"); }
  std::string claimed_subject() const { return jwt_.claim("sub"); }
  /// Tries the keys with this `kid` (all, if the token has none) that allow the algorithm; at most 4 of them.
  /// Errors: "jwt_key_unknown", "jwt_signature".
  Result<Jwt> verify(const KeySet& keys) &&;

 private:
  Jwt jwt_;
  std::string signed_part_, signature_;
};

/// A DPoP proof (RFC 9449 section 4.2) whose signature was verified by the key in its own header. It says who holds
/// `key`; whether that means anything is for the caller to know, by the key's thumbprint.
struct DpopJwt {
  Jwt claims;
  PublicKey key;

  /// Steps 3 to 7 of section 4.3. `typ` must be exactly "dpop+jwt", so that no token of another kind is read by this
  /// way; `jwk` must be a public key without private members.
  /// Errors, none of which holds a byte of the proof: "jwt_malformed", "jwt_type", "jwt_header", "jwt_algorithm" (not
  /// ours, or not in `allowed`), "jwk_invalid", "jwk_unknown", "jwt_signature".
  static Result<DpopJwt> verify(std::string_view compact, Algorithms allowed);
};

/// Compact serialisation. `header` is alg, then kid and typ if not empty. `claims` is JSON text.
std::string make_jwt(const SigningKey& key, Algorithm algorithm, std::string_view key_id, std::string_view type,
                     std::string_view claims);

/// A JWS (RFC 7515 section 7.1) whose payload is no JSON: its payload, if one of `keys` signed it. Same header rules.
Result<std::string> verify_jws(std::string_view compact, const KeySet& keys);

}  // namespace ward::crypto
