#include "base/encoding.hpp"
#include "hash.hpp"
#include "jwk_parts.hpp"
#include "signature.hpp"

#include <openssl/core_names.h>
#include <algorithm>

namespace ward::crypto {

struct PublicKey::Inside {
  std::string id;
  Algorithms algorithms;
  PublicParts parts;
  std::shared_ptr<const Verifier> verifier;
};

namespace {

constexpr std::string_view private_members[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
constexpr std::size_t id_bytes_max = 256;

std::unexpected<Error> invalid(std::string message) { return fail("jwk_invalid", "JWK: " + std::move(message)); }
std::unexpected<Error> unknown(std::string message) { return fail("jwk_unknown", "JWK: " + std::move(message)); }

Result<void> check_purpose(json::Value jwk) {
  if (const json::Value use = jwk["use"]; use && use.text() != "sig") return unknown("use must be sig");
  const json::Value operations = jwk["key_ops"];
  if (!operations) return {};
  if (!operations.is_array()) return invalid("key_ops must be an array");
  for (json::Value one = operations.first(); one; one = one.next())
    if (one.is_string() && one.text() == "verify") return {};
  return unknown("key_ops must have verify");
}

Result<Algorithms> allowed(json::Value jwk, const PublicParts& parts) {
  const json::Value given = jwk["alg"];
  if (!given) return fitting(parts);
  if (!given.is_string()) return invalid("alg must be a string");
  const auto algorithm = parse_algorithm(given.text());
  if (!algorithm) return unknown("alg must be one of ES256, ES384, RS256, RS384, PS256, PS384, EdDSA");
  if (!fitting(parts).has(*algorithm)) return invalid("alg does not fit kty and crv");
  return Algorithms{*algorithm};
}

std::optional<Algorithm> only_one(Algorithms algorithms) {
  std::optional<Algorithm> found;
  for (unsigned i = 0; i < 7; ++i) {
    const auto one = static_cast<Algorithm>(i);
    if (!algorithms.has(one)) continue;
    if (found) return std::nullopt;
    found = one;
  }
  return found;
}

// The parameters of RFC 7518 section 6.3.2 (RSA with factors, which every implementation writes).
struct RsaMember {
  const char* name;
  const char* parameter;
};
constexpr RsaMember rsa_private_members[] = {
    {"d", OSSL_PKEY_PARAM_RSA_D},          {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

Result<Pkey> make_private(json::Value jwk, const PublicParts& parts) {
  auto d = binary_member(jwk, "d");
  if (!d) return std::unexpected(d.error());
  const Secret<std::string> secret(std::move(*d));
  if (parts.type == PublicParts::Type::okp)
    return Pkey(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(secret.reveal()), secret.reveal().size()));
  if (parts.type == PublicParts::Type::ec)
    return KeyParameters()
        .text(OSSL_PKEY_PARAM_GROUP_NAME, parts.curve.c_str())
        .octets(OSSL_PKEY_PARAM_PUB_KEY, '\x04' + parts.x + parts.y)
        .number(OSSL_PKEY_PARAM_PRIV_KEY, secret.reveal())
        .make("EC", EVP_PKEY_KEYPAIR);
  KeyParameters parameters;
  parameters.number(OSSL_PKEY_PARAM_RSA_N, parts.n).number(OSSL_PKEY_PARAM_RSA_E, parts.e);
  for (const RsaMember& member : rsa_private_members) {
    auto value = binary_member(jwk, member.name);
    if (!value) return std::unexpected(value.error());
    parameters.number(member.parameter, Secret<std::string>(std::move(*value)).reveal());
  }
  return parameters.make("RSA", EVP_PKEY_KEYPAIR);
}

}  // namespace

Result<PublicKey> PublicKey::from_jwk(json::Value jwk) {
  auto parts = read_public_parts(jwk);
  if (!parts) return std::unexpected(parts.error());
  for (std::string_view name : private_members)
    if (jwk[name]) return invalid("has the private member " + std::string(name) + "; register the public key alone");
  if (auto purpose = check_purpose(jwk); !purpose) return std::unexpected(purpose.error());
  auto algorithms = allowed(jwk, *parts);
  if (!algorithms) return std::unexpected(algorithms.error());
  const json::Value id = jwk["kid"];
  if (id && (!id.is_string() || id.text().size() > id_bytes_max))
    return invalid("kid must be a string of at most 256 bytes");
  auto key = make_public(*parts);
  if (!key) return std::unexpected(key.error());
  return PublicKey(std::make_shared<const Inside>(
      Inside{id.text(), *algorithms, std::move(*parts), Verifier::prepare(std::move(*key), *algorithms)}));
}

Result<PublicKey> PublicKey::from_jwk(std::string_view jwk) {
  auto document = json::Document::parse(jwk, {.depth_max = 8, .members_max = 256});
  if (!document) return invalid(document.error().message());
  return from_jwk(document->root());
}

PublicKey PublicKey::of(const SigningKey& key, std::string key_id, Algorithms algorithms) {
  PublicParts parts = parts_of(key.native());
  const Algorithms fit = fitting(parts) & algorithms;
  auto native = make_public(parts);
  WARD_ASSERT(native.has_value());
  return PublicKey(std::make_shared<const Inside>(
      Inside{std::move(key_id), fit, std::move(parts), Verifier::prepare(std::move(*native), fit)}));
}

const std::string& PublicKey::id() const { return inside_->id; }
Algorithms PublicKey::algorithms() const { return inside_->algorithms; }

PublicKey PublicKey::only(Algorithms algorithms) const {
  return PublicKey(std::make_shared<const Inside>(
      Inside{inside_->id, inside_->algorithms & algorithms, inside_->parts, inside_->verifier}));
}

bool PublicKey::verify(Algorithm algorithm, std::string_view message, std::string_view signature) const {
  return inside_->algorithms.has(algorithm) && inside_->verifier->verify(algorithm, message, signature);
}

std::string PublicKey::jwk() const {
  std::string text = required_members(inside_->parts) + R"(,"use":"sig")";
  if (!inside_->id.empty()) text += R"(,"kid":)" + json_string(inside_->id);
  if (const auto algorithm = only_one(inside_->algorithms)) text += R"(,"alg":")" + std::string(name(*algorithm)) + '"';
  return text + '}';
}

std::string PublicKey::thumbprint() const {
  return base64url_encode(view(sha256(required_members(inside_->parts) + '}')));
}

Result<SigningKey> signing_key_from_jwk(const Secret<std::string>& jwk) {
  auto document = json::Document::parse(jwk.reveal(), {.depth_max = 8, .members_max = 256});
  if (!document) return invalid(document.error().message());
  auto parts = read_public_parts(document->root());
  if (!parts) return std::unexpected(parts.error());
  auto key = make_private(document->root(), *parts);
  if (!key) return std::unexpected(key.error());
  ERR_clear_error();
  if (!*key) return invalid("the private members are not valid");
  // The public point of Ed25519 is derived from the private key: the given one must be that.
  if (parts_of(key->get()).x != parts->x) return invalid("the private and the public members do not belong together");
  return SigningKey::adopt(key->release());
}

Secret<std::string> private_jwk(const SigningKey& key, std::string_view key_id) {
  const PublicParts parts = parts_of(key.native());
  std::string text = required_members(parts);
  if (!key_id.empty()) text += R"(,"kid":)" + json_string(key_id);
  text += R"(,"alg":")" + std::string(name(default_algorithm(key))) + '"';
  auto add = [&text](std::string_view member, std::string value) {
    const Secret<std::string> secret(std::move(value));
    text += ",\"" + std::string(member) + "\":\"" + base64url_encode(secret.reveal()) + '"';
  };
  if (parts.type == PublicParts::Type::rsa) {
    for (const RsaMember& member : rsa_private_members) add(member.name, number_of(key.native(), member.parameter));
  } else if (parts.type == PublicParts::Type::ec) {
    add("d", number_of(key.native(), OSSL_PKEY_PARAM_PRIV_KEY, parts.x.size()));
  } else {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    WARD_ASSERT(EVP_PKEY_get_raw_private_key(key.native(), bytes(raw.data()), &size) == 1);
    add("d", std::move(raw));
  }
  return Secret<std::string>(text + '}');
}

// By the kind alone: reading the key's numbers for it costs half as much as the signature.
static Algorithms fitting(SigningKey::Kind kind) {
  switch (kind) {
    case SigningKey::Kind::ed25519:
      return {Algorithm::eddsa};
    case SigningKey::Kind::p256:
      return {Algorithm::es256};
    case SigningKey::Kind::p384:
      return {Algorithm::es384};
    default:
      return {Algorithm::rs256, Algorithm::rs384, Algorithm::ps256, Algorithm::ps384};
  }
}

std::string sign(const SigningKey& key, Algorithm algorithm, std::string_view message) {
  WARD_ASSERT(key && fitting(key.kind()).has(algorithm));
  return sign_with(key.native(), algorithm, message);
}

Algorithm default_algorithm(const SigningKey& key) {
  switch (key.kind()) {
    case SigningKey::Kind::ed25519:
      return Algorithm::eddsa;
    case SigningKey::Kind::p256:
      return Algorithm::es256;
    case SigningKey::Kind::p384:
      return Algorithm::es384;
    default:
      return Algorithm::rs384;
  }
}

Result<KeySet> KeySet::parse(std::string_view text) {
  if (text.size() > bytes_max) return fail("jwks_invalid", "JWK set: larger than 64 KiB");
  auto document = json::Document::parse(text, {.depth_max = 8, .members_max = 2048});
  if (!document) return fail("jwks_invalid", "JWK set: " + document.error().message());
  const json::Value list = document->root()["keys"];
  if (!list.is_array()) return fail("jwks_invalid", "JWK set: must be an object with an array \"keys\"");
  if (list.size() > keys_max) return fail("jwks_invalid", "JWK set: more than 32 keys");
  std::vector<PublicKey> keys;
  for (json::Value one = list.first(); one; one = one.next()) {
    auto key = PublicKey::from_jwk(one);
    if (!key && key.error().is("jwk_unknown")) continue;
    if (!key) return std::unexpected(key.error());
    const bool twice = std::ranges::any_of(keys, [&](const PublicKey& other) {
      return other.id() == key->id() && !key->id().empty() && !(other.algorithms() & key->algorithms()).empty();
    });
    if (twice) return fail("jwks_invalid", "JWK set: two keys have the same kid and algorithm");
    keys.push_back(std::move(*key));
  }
  return KeySet(std::move(keys));
}

KeySet KeySet::only(Algorithms allowed_algorithms) const {
  std::vector<PublicKey> keys;
  for (const PublicKey& key : keys_) keys.push_back(key.only(allowed_algorithms));
  return KeySet(std::move(keys));
}

std::string KeySet::text() const {
  std::string text = R"({"keys":[)";
  for (const PublicKey& key : keys_) text += (text.back() == '[' ? "" : ",") + key.jwk();
  return text + "]}";
}

}  // namespace ward::crypto
