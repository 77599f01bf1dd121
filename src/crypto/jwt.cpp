#include "base/encoding.hpp"
#include "jose.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ward::crypto {
namespace {

constexpr std::size_t candidates_max = 4;  // keys that are tried for a token without kid
constexpr double time_max = 253402300800;  // the year 10000: beyond, the number is no time
constexpr json::Limits header_limits{.depth_max = 4, .members_max = 32};
constexpr json::Limits claims_limits{.depth_max = 16, .members_max = 1024};

// Keys that a token brings along or points to, and extensions that must be understood (RFC 7515 4.1.2-4.1.6, 4.1.11;
// RFC 8725 3.10).
constexpr std::string_view refused_headers[] = {"jku", "x5u", "x5c", "jwk", "crit"};

constexpr std::string_view proof_type = "dpop+jwt";  // RFC 9449 section 4.2

enum class Kind : std::uint8_t { token, proof };  // a proof alone may bring its key along

struct Header {
  Algorithm algorithm;
  std::string key_id, type;
  std::string jwk;  // of a proof; empty for others
};

struct Compact {
  Header header;
  std::string payload, signature;
  std::string_view signed_part;
};

std::unexpected<Error> malformed(std::string_view what) { return fail("jwt_malformed", "token: " + std::string(what)); }

Result<Header> parse_header(std::string_view text, Kind kind) {
  auto document = json::Document::parse(text, header_limits);
  if (!document || !document->root().is_object())
    return malformed("the header is not a JSON object, or has a member twice");
  const json::Value root = document->root();
  const bool is_proof = kind == Kind::proof;
  if (is_proof && root.string("typ") != proof_type) return fail("jwt_type", "proof: typ must be dpop+jwt");
  for (std::string_view name : refused_headers)
    if (root[name] && !(is_proof && name == "jwk"))
      return fail("jwt_header", "token: the header " + std::string(name) + " is not accepted");
  if (is_proof && !root["jwk"].is_object()) return fail("jwk_invalid", "proof: the header jwk must be the public key");
  for (std::string_view name : {"alg", "kid", "typ"})
    if (root[name] && !root[name].is_string()) return malformed("a header is not a string");
  const auto algorithm = parse_algorithm(root.string("alg"));
  if (!algorithm)
    return fail("jwt_algorithm", "token: alg must be one of ES256, ES384, RS256, RS384, PS256, PS384, EdDSA");
  return Header{*algorithm, root.string("kid"), root.string("typ"), std::string(is_proof ? root["jwk"].raw() : "")};
}

Result<Compact> parse_compact(std::string_view text, Kind kind = Kind::token) {
  if (text.size() > UnverifiedJwt::bytes_max) return malformed("larger than 16 KiB");
  const auto first = text.find('.');
  const auto second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return malformed("must have three parts");
  const auto header_text = base64url_decode(text.substr(0, first));
  auto payload = base64url_decode(text.substr(first + 1, second - first - 1));
  auto signature = base64url_decode(text.substr(second + 1));
  if (!header_text || !payload || !signature) return malformed("a part is not base64url");
  if (signature->empty()) return malformed("has no signature");
  auto header = parse_header(*header_text, kind);
  if (!header) return std::unexpected(header.error());
  return Compact{std::move(*header), std::move(*payload), std::move(*signature), text.substr(0, second)};
}

Result<void> verify_with(const KeySet& keys, const Header& header, std::string_view signed_part,
                         std::string_view signature) {
  std::size_t tried = 0;
  for (const PublicKey& key : keys.keys()) {
    const bool meant = header.key_id.empty() || key.id() == header.key_id;
    if (!meant || !key.algorithms().has(header.algorithm)) continue;
    if (++tried > candidates_max) break;
    if (key.verify(header.algorithm, signed_part, signature)) return {};
  }
  if (tried == 0) return fail("jwt_key_unknown", "token: no key with this kid may be used with this alg");
  return fail("jwt_signature", "token: the signature does not verify");
}

bool same_type(std::string_view given, std::string_view wanted) {
  constexpr std::string_view prefix = "application/";
  if (given.size() > prefix.size() && equal_ignoring_case(given.substr(0, prefix.size()), prefix))
    given.remove_prefix(prefix.size());
  if (wanted.empty()) return given.empty() || equal_ignoring_case(given, "JWT");
  return equal_ignoring_case(given, wanted);
}

// RFC 7519 section 4.1.3: a string, or an array of strings.
Result<void> check_audience(json::Value audience, const std::vector<std::string>& wanted) {
  auto is_wanted = [&](json::Value one) { return std::ranges::find(wanted, one.text()) != wanted.end(); };
  bool found = false;
  if (audience.is_string()) {
    found = is_wanted(audience);
  } else if (audience.is_array()) {
    for (json::Value one = audience.first(); one; one = one.next()) {
      if (!one.is_string()) return fail("jwt_claim", "token: aud has an element that is not a string");
      found = found || is_wanted(one);
    }
  } else {
    return fail("jwt_claim", "token: aud is absent, or neither a string nor an array");
  }
  if (!found) return fail("jwt_audience", "token: aud names another audience");
  return {};
}

}  // namespace

std::string Jwt::claim(std::string_view name) const { return claims().string(name); }

std::optional<std::int64_t> Jwt::time(std::string_view name) const {
  const json::Value value = claims()[name];
  if (!value || value.type() != json::Type::number) return std::nullopt;
  const std::string_view text = value.raw();
  double seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec != std::errc() || seconds < 0 || seconds > time_max) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(seconds));
}

std::string Jwt::audience() const {
  const json::Value audience = claims()["aud"];
  return audience.is_array() ? audience.first().text() : audience.text();
}

Result<void> Jwt::check(const ClaimRules& rules, WallTime wall) const {
  const std::int64_t now = unix_seconds(wall);
  const std::int64_t skew = rules.skew.count();
  if (!same_type(type_, rules.type))
    return fail("jwt_type", "token: typ must be " + (rules.type.empty() ? "JWT" : rules.type));
  if (!rules.issuer.empty() && claim("iss") != rules.issuer) return fail("jwt_issuer", "token: iss is another issuer");
  if (!rules.audiences.empty())
    if (auto audience_ok = check_audience(claims()["aud"], rules.audiences); !audience_ok) return audience_ok;

  for (std::string_view name : {"exp", "nbf", "iat"})
    if (claims()[name] && !time(name)) return fail("jwt_claim", "token: " + std::string(name) + " is not a time");
  const auto expires = time("exp");
  if (!expires) return fail("jwt_claim", "token: exp is absent");
  if (now >= *expires + skew) return fail("jwt_expired", "token: exp is past");
  if (rules.lifetime_max.count() > 0 && *expires > now + rules.lifetime_max.count() + skew)
    return fail("jwt_lifetime", "token: exp is more than " + std::to_string(rules.lifetime_max.count()) + " s ahead");
  if (const auto not_before = time("nbf"); not_before && now + skew < *not_before)
    return fail("jwt_not_yet", "token: nbf is ahead");
  const auto issued = time("iat");
  if (rules.issued_at && !issued) return fail("jwt_claim", "token: iat is absent");
  if (issued && now + skew < *issued) return fail("jwt_not_yet", "token: iat is ahead; check the clocks");
  if (rules.token_id && claim("jti").empty()) return fail("jwt_claim", "token: jti is absent, or is not a string");
  return {};
}

Result<Jwt> Jwt::make(Algorithm algorithm, std::string key_id, std::string type, std::string payload) {
  Jwt made;
  made.algorithm_ = algorithm;
  made.key_id_ = std::move(key_id);
  made.type_ = std::move(type);
  made.payload_ = std::make_unique<std::string>(std::move(payload));
  auto claims = json::Document::parse(*made.payload_, claims_limits);
  if (!claims || !claims->root().is_object())
    return malformed("the claims are not a JSON object, or one is there twice");
  made.claims_ = std::make_unique<json::Document>(std::move(*claims));
  return made;
}

Result<UnverifiedJwt> UnverifiedJwt::parse(std::string_view text) {
  auto compact = parse_compact(text);
  if (!compact) return std::unexpected(compact.error());
  Header& header = compact->header;
  auto jwt = Jwt::make(header.algorithm, std::move(header.key_id), std::move(header.type), std::move(compact->payload));
  if (!jwt) return std::unexpected(jwt.error());
  UnverifiedJwt token;
  token.jwt_ = std::move(*jwt);
  token.signed_part_ = std::string(compact->signed_part);
  token.signature_ = std::move(compact->signature);
  return token;
}

Result<Jwt> UnverifiedJwt::verify(const KeySet& keys) && {
  auto verified = verify_with(keys, {jwt_.algorithm_, jwt_.key_id_, jwt_.type_, {}}, signed_part_, signature_);
  if (!verified) return std::unexpected(verified.error());
  return std::move(jwt_);
}

// The order of RFC 9449 section 4.3: type and algorithm (in the header), then the key and its signature.
Result<DpopJwt> DpopJwt::verify(std::string_view text, Algorithms allowed) {
  auto compact = parse_compact(text, Kind::proof);
  if (!compact) return std::unexpected(compact.error());
  Header& header = compact->header;
  if (!allowed.has(header.algorithm)) return fail("jwt_algorithm", "proof: this alg is not taken for proofs");
  auto key = PublicKey::from_jwk(header.jwk);
  if (!key) return std::unexpected(key.error());
  if (!key->verify(header.algorithm, compact->signed_part, compact->signature))
    return fail("jwt_signature", "proof: the signature does not verify by the key in the header");
  auto claims =
      Jwt::make(header.algorithm, std::move(header.key_id), std::move(header.type), std::move(compact->payload));
  if (!claims) return std::unexpected(claims.error());
  return DpopJwt{std::move(*claims), std::move(*key)};
}

Result<std::string> verify_jws(std::string_view text, const KeySet& keys) {
  auto compact = parse_compact(text);
  if (!compact) return std::unexpected(compact.error());
  auto verified = verify_with(keys, compact->header, compact->signed_part, compact->signature);
  if (!verified) return std::unexpected(verified.error());
  return std::move(compact->payload);
}

std::string make_jwt(const SigningKey& key, Algorithm algorithm, std::string_view key_id, std::string_view type,
                     std::string_view claims) {
  std::string header = R"({"alg":")" + std::string(name(algorithm)) + '"';
  if (!key_id.empty()) header += R"(,"kid":)" + json_string(key_id);
  if (!type.empty()) header += R"(,"typ":)" + json_string(type);
  std::string token = base64url_encode(header + '}') + '.' + base64url_encode(claims);
  const std::string signature = sign(key, algorithm, token);
  return token + '.' + base64url_encode(signature);
}

}  // namespace ward::crypto
