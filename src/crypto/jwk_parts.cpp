#include "jwk_parts.hpp"

#include "base/encoding.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <algorithm>
#include <array>

namespace ward::crypto {
namespace {

constexpr unsigned rsa_bits_min = 2048;  // RFC 7518 section 3.3
constexpr unsigned rsa_bits_max = 8192;
constexpr std::size_t ed25519_bytes = 32;

std::unexpected<Error> invalid(std::string message) { return fail("jwk_invalid", "JWK: " + std::move(message)); }
std::unexpected<Error> unknown(std::string message) { return fail("jwk_unknown", "JWK: " + std::move(message)); }

std::size_t coordinate_bytes(std::string_view curve) { return curve == "P-256" ? 32 : 48; }

unsigned bits(std::string_view number) {
  unsigned count = static_cast<unsigned>(number.size()) * 8;
  for (unsigned char mask = 0x80; mask != 0 && !number.empty() && (static_cast<unsigned char>(number[0]) & mask) == 0;
       mask >>= 1)
    --count;
  return count;
}

bool odd(std::string_view number) { return !number.empty() && (number.back() & 1) != 0; }

// Points of order 1, 2, 4 and 8, also in encodings that are not canonical; the sign bit is left out of the comparison.
// Under such a key anybody can sign (RFC 8032 leaves the check to the application).
bool small_order(const std::string& point) {
  static const std::array<std::string, 7> points = [] {
    const char* hex[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                         "0100000000000000000000000000000000000000000000000000000000000000",
                         "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                         "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                         "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                         "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
    std::array<std::string, 7> decoded;
    std::ranges::transform(hex, decoded.begin(), [](const char* text) { return hex_decode(text).value(); });
    return decoded;
  }();
  std::string without_sign = point;
  without_sign.back() = static_cast<char>(without_sign.back() & 0x7f);
  return std::ranges::find(points, without_sign) != points.end();
}

// Primes of the flawed generator are powers of 65537 modulo every small prime, and so is their product (Nemec and
// others, 2017). A sound modulus looks like that by chance once in 2^27.
bool has_roca_mark(std::string_view n) {
  constexpr unsigned primes[] = {3, 5, 7, 11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157};
  return std::ranges::all_of(primes, [n](unsigned prime) {
    unsigned remainder = 0;
    for (char byte : n) remainder = (remainder * 256 + static_cast<unsigned char>(byte)) % prime;
    unsigned power = 1;
    do {
      if (power == remainder) return true;
      power = power * 65537 % prime;
    } while (power != 1);
    return false;
  });
}

Result<PublicParts> read_ec(json::Value jwk) {
  PublicParts parts{PublicParts::Type::ec, jwk.string("crv"), {}, {}, {}, {}};
  if (parts.curve != "P-256" && parts.curve != "P-384") return unknown("crv must be P-256 or P-384");
  for (auto [name, place] : {std::pair("x", &parts.x), std::pair("y", &parts.y)}) {
    auto value = binary_member(jwk, name);
    if (!value) return std::unexpected(value.error());
    if (value->size() != coordinate_bytes(parts.curve))
      return invalid(std::string(name) + " has the wrong length for its curve");
    *place = std::move(*value);
  }
  return parts;
}

Result<PublicParts> read_okp(json::Value jwk) {
  PublicParts parts{PublicParts::Type::okp, jwk.string("crv"), {}, {}, {}, {}};
  if (parts.curve != "Ed25519") return unknown("crv must be Ed25519");
  auto value = binary_member(jwk, "x");
  if (!value) return std::unexpected(value.error());
  if (value->size() != ed25519_bytes) return invalid("x must have 32 bytes");
  if (small_order(*value)) return invalid("x is a point of small order");
  parts.x = std::move(*value);
  return parts;
}

Result<PublicParts> read_rsa(json::Value jwk) {
  PublicParts parts{PublicParts::Type::rsa, {}, {}, {}, {}, {}};
  for (auto [name, place] : {std::pair("n", &parts.n), std::pair("e", &parts.e)}) {
    auto value = binary_member(jwk, name);
    if (!value) return std::unexpected(value.error());
    // RFC 7518 section 2: as few octets as the number needs.
    if (value->empty() || value->front() == 0) return invalid(std::string(name) + " has leading zeros, or is empty");
    *place = std::move(*value);
  }
  if (bits(parts.n) < rsa_bits_min || bits(parts.n) > rsa_bits_max) return invalid("n must have 2048 to 8192 bits");
  if (!odd(parts.n)) return invalid("n is even");
  if (has_roca_mark(parts.n))
    return invalid("n was made by a generator whose keys can be factored (ROCA, CVE-2017-15361); make a new key");
  if (!odd(parts.e) || bits(parts.e) < 2 || bits(parts.e) > 32) return invalid("e must be odd, 3 to 2^32");
  return parts;
}

}  // namespace

Result<std::string> binary_member(json::Value jwk, std::string_view name) {
  const json::Value member = jwk[name];
  if (!member.is_string()) return invalid(std::string(name) + " is absent, or is not a string");
  std::string scratch;
  auto decoded = base64url_decode(member.text(scratch));
  if (!decoded) return invalid(std::string(name) + " is not base64url");
  return std::move(*decoded);
}

Result<PublicParts> read_public_parts(json::Value jwk) {
  if (!jwk.is_object()) return invalid("must be an object");
  const std::string type = jwk.string("kty");
  if (type == "EC") return read_ec(jwk);
  if (type == "OKP") return read_okp(jwk);
  if (type == "RSA") return read_rsa(jwk);
  if (type == "oct") return invalid("kty is oct: a shared secret is no public key");
  if (type.empty()) return invalid("kty is absent, or is not a string");
  return unknown("kty must be EC, OKP or RSA");
}

std::string number_of(EVP_PKEY* key, const char* parameter, std::size_t bytes_min) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, parameter, &raw) != 1) return {};
  const Bignum number(raw);
  std::string out(std::max(bytes_min, static_cast<std::size_t>(BN_num_bytes(raw))), '\0');
  WARD_ASSERT(BN_bn2binpad(raw, bytes(out.data()), static_cast<int>(out.size())) >= 0);
  return out;
}

PublicParts parts_of(EVP_PKEY* key) {
  PublicParts parts;
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: {
      parts.type = PublicParts::Type::okp;
      parts.curve = "Ed25519";
      parts.x.resize(ed25519_bytes);
      std::size_t size = parts.x.size();
      WARD_ASSERT(EVP_PKEY_get_raw_public_key(key, bytes(parts.x.data()), &size) == 1);
      return parts;
    }
    case EVP_PKEY_EC: {
      parts.type = PublicParts::Type::ec;
      parts.curve = EVP_PKEY_get_bits(key) == 256 ? "P-256" : "P-384";
      parts.x = number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, coordinate_bytes(parts.curve));
      parts.y = number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate_bytes(parts.curve));
      return parts;
    }
    default: {
      parts.type = PublicParts::Type::rsa;
      parts.n = number_of(key, OSSL_PKEY_PARAM_RSA_N);
      parts.e = number_of(key, OSSL_PKEY_PARAM_RSA_E);
      return parts;
    }
  }
}

Result<Pkey> make_public(const PublicParts& parts) {
  Pkey key;
  switch (parts.type) {
    case PublicParts::Type::okp:
      key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(parts.x), parts.x.size()));
      break;
    case PublicParts::Type::ec:
      // OpenSSL refuses a point that is not on the curve here.
      key = KeyParameters()
                .text(OSSL_PKEY_PARAM_GROUP_NAME, parts.curve.c_str())
                .octets(OSSL_PKEY_PARAM_PUB_KEY, '\x04' + parts.x + parts.y)
                .make("EC", EVP_PKEY_PUBLIC_KEY);
      break;
    case PublicParts::Type::rsa:
      key = KeyParameters()
                .number(OSSL_PKEY_PARAM_RSA_N, parts.n)
                .number(OSSL_PKEY_PARAM_RSA_E, parts.e)
                .make("RSA", EVP_PKEY_PUBLIC_KEY);
      break;
  }
  ERR_clear_error();
  if (!key)
    return invalid(parts.type == PublicParts::Type::ec ? "x and y are not a point on the curve"
                                                       : "the key is not valid");
  return key;
}

Algorithms fitting(const PublicParts& parts) {
  switch (parts.type) {
    case PublicParts::Type::okp:
      return {Algorithm::eddsa};
    case PublicParts::Type::ec:
      return parts.curve == "P-256" ? Algorithms{Algorithm::es256} : Algorithms{Algorithm::es384};
    case PublicParts::Type::rsa:
      return {Algorithm::rs256, Algorithm::rs384, Algorithm::ps256, Algorithm::ps384};
  }
  return {};
}

std::string required_members(const PublicParts& parts) {
  switch (parts.type) {
    case PublicParts::Type::okp:
      return R"({"crv":"Ed25519","kty":"OKP","x":")" + base64url_encode(parts.x) + '"';
    case PublicParts::Type::ec:
      return R"({"crv":")" + parts.curve + R"(","kty":"EC","x":")" + base64url_encode(parts.x) + R"(","y":")" +
             base64url_encode(parts.y) + '"';
    case PublicParts::Type::rsa:
      return R"({"e":")" + base64url_encode(parts.e) + R"(","kty":"RSA","n":")" + base64url_encode(parts.n) + '"';
  }
  return {};
}

// OSSL_PARAM_BLD keeps references until the key is made, so the values stay here until then.
struct KeyParameters::Builder {
  std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>> builder{OSSL_PARAM_BLD_new()};
  std::vector<std::unique_ptr<std::string>> kept;
  std::vector<Bignum> numbers;
  ~Builder() {
    for (auto& text : kept) wipe(text->data(), text->size());
  }
};

KeyParameters::KeyParameters() : builder_(std::make_shared<Builder>()) {}

KeyParameters& KeyParameters::text(const char* name, const char* value) {
  good_ = good_ && OSSL_PARAM_BLD_push_utf8_string(builder_->builder.get(), name, value, 0) == 1;
  return *this;
}

KeyParameters& KeyParameters::octets(const char* name, const std::string& value) {
  const std::string& kept = *builder_->kept.emplace_back(std::make_unique<std::string>(value));
  good_ = good_ && OSSL_PARAM_BLD_push_octet_string(builder_->builder.get(), name, kept.data(), kept.size()) == 1;
  return *this;
}

KeyParameters& KeyParameters::number(const char* name, const std::string& value) {
  BIGNUM* number = BN_bin2bn(bytes(value), static_cast<int>(value.size()), nullptr);
  builder_->numbers.emplace_back(number);
  good_ = good_ && number != nullptr && OSSL_PARAM_BLD_push_BN(builder_->builder.get(), name, number) == 1;
  return *this;
}

Pkey KeyParameters::make(const char* type, int selection) {
  const std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>> parameters(
      OSSL_PARAM_BLD_to_param(builder_->builder.get()));
  const PkeyCtx context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (!good_ || !parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get()) != 1)
    return nullptr;
  return Pkey(key);
}

}  // namespace ward::crypto
