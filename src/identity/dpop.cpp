#include "dpop.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "normal_uri.hpp"

namespace ward::identity {
namespace {

// Section 11.1: as short as clocks and networks let it be.
constexpr std::int64_t age_max_s = 60;
constexpr std::int64_t ahead_max_s = 5;
constexpr std::int64_t nonce_step_s = 60;
constexpr std::size_t nonce_bytes = 16;
constexpr std::size_t nonce_key_bytes = 32;
constexpr std::size_t id_bytes_max = 256;

struct Translation {
  std::string_view from, to, message;
};
constexpr Translation header_errors[] = {
    {"jwt_malformed", "dpop_malformed", "the DPoP proof is not a well-formed JWT"},
    {"jwt_type", "dpop_type", "the DPoP proof needs typ dpop+jwt"},
    {"jwt_header", "dpop_header", "the DPoP proof has a header that is not accepted: jku, x5u, x5c or crit"},
    {"jwt_algorithm", "dpop_algorithm", "the DPoP proof needs an alg of dpop_signing_alg_values_supported"},
    {"jwk_invalid", "dpop_key", "the DPoP proof needs a public key, and no private member, as jwk in its header"},
    {"jwk_unknown", "dpop_key", "the key of the DPoP proof is of a kind that is not supported"},
    {"jwt_signature", "dpop_signature", "the DPoP proof is not signed by the key in its header"},
};

std::unexpected<Error> translated(const Error& error) {
  for (const Translation& known : header_errors)
    if (error.is(known.from)) return fail(known.to, std::string(known.message));
  return fail("dpop_malformed", "the DPoP proof is not valid");
}

// Section 4.2: jti, htm, htu and iat are required.
Result<void> check_claims(const crypto::Jwt& proof) {
  for (std::string_view name : {"jti", "htm", "htu"})
    if (proof.claim(name).empty()) return fail("dpop_claims", "the DPoP proof lacks " + std::string(name));
  if (proof.claim("jti").size() > id_bytes_max) return fail("dpop_claims", "jti of the DPoP proof is too long");
  if (!proof.time("iat")) return fail("dpop_claims", "the DPoP proof lacks iat, or it is not a time");
  return {};
}

Result<void> check_request(const crypto::Jwt& proof, const DpopRequest& request) {
  if (proof.claim("htm") != request.method)
    return fail("dpop_htm", "htm of the DPoP proof is not the method of this request");
  const auto claimed = normal_uri(proof.claim("htu")), ours = normal_uri(request.url);
  if (!claimed || !ours || *claimed != *ours)
    return fail("dpop_htu", "htu of the DPoP proof is not the URL of this request");
  return {};
}

Result<void> check_age(const crypto::Jwt& proof, WallTime wall) {
  const std::int64_t now = unix_seconds(wall), issued = proof.time("iat").value_or(0);
  if (issued > now + ahead_max_s) return fail("dpop_iat", "iat of the DPoP proof is ahead; check the clocks");
  if (issued < now - age_max_s) return fail("dpop_iat", "the DPoP proof is older than a minute; make one per request");
  return {};
}

Result<void> check_binding(const crypto::Jwt& proof, const std::string& jkt, const DpopRequest& request) {
  if (!request.access_token.empty()) {
    const std::string hash = base64url_encode(crypto::view(crypto::sha256(request.access_token)));
    if (!constant_time_equal(proof.claim("ath"), hash))
      return fail("dpop_ath", "ath of the DPoP proof is not the hash of this access token");
  }
  if (!request.expected_jkt.empty() && !constant_time_equal(jkt, request.expected_jkt))
    return fail("dpop_jkt", "the DPoP proof is signed by another key than the one that this is bound to");
  return {};
}

}  // namespace

DpopProofs::DpopProofs(Random& random, const Options& options)
    : options_(options),
      nonce_key_(random.bytes(nonce_key_bytes)),
      seen_for_tokens_(options.entries_max, options.per_key_max),
      seen_with_token_(options.entries_max, options.per_key_max) {}

Result<DpopProofs::Proof> DpopProofs::check(std::string_view proof_jwt, const DpopRequest& request, WallTime now) {
  if (proof_jwt.size() > proof_bytes_max) return fail("dpop_malformed", "the DPoP proof is larger than 8 KiB");
  const auto verified = crypto::DpopJwt::verify(proof_jwt, algorithms);  // 2, 4 to 7
  if (!verified) return translated(verified.error());
  const crypto::Jwt& proof = verified->claims;
  Proof known{verified->key.thumbprint()};
  Result<void> good = check_claims(proof);                    // 3
  if (good) good = check_request(proof, request);             // 8, 9
  if (good) good = check_nonce(proof, now);                   // 10
  if (good) good = check_age(proof, now);                     // 11
  if (good) good = check_binding(proof, known.jkt, request);  // 12
  if (good) good = use_up(proof, known.jkt, !request.access_token.empty(), now);
  if (!good) return std::unexpected(std::move(good.error()));
  return known;
}

std::string DpopProofs::nonce(WallTime now) const { return nonce_of_step(unix_seconds(now) / nonce_step_s); }

std::string DpopProofs::nonce_of_step(std::int64_t step) const {
  const crypto::Sha256 mac = crypto::hmac_sha256(nonce_key_.reveal(), "dpop-nonce " + std::to_string(step));
  return base64url_encode(crypto::view(mac).substr(0, nonce_bytes));
}

Result<void> DpopProofs::check_nonce(const crypto::Jwt& proof, WallTime now) const {
  if (!proof.claims()["nonce"]) {
    if (!options_.nonce_required) return {};
    return fail("use_dpop_nonce", "the DPoP proof needs the nonce of the DPoP-Nonce header");
  }
  const std::string given = proof.claim("nonce");
  const std::int64_t step = unix_seconds(now) / nonce_step_s;
  for (const std::int64_t one : {step, step - 1})
    if (constant_time_equal(given, nonce_of_step(one))) return {};
  return fail("use_dpop_nonce", "the nonce of the DPoP proof is too old; take the one of the DPoP-Nonce header");
}

Result<void> DpopProofs::use_up(const crypto::Jwt& proof, const std::string& jkt, bool has_token, WallTime now) {
  SeenIds& seen = has_token ? seen_with_token_ : seen_for_tokens_;
  const std::int64_t ends = proof.time("iat").value_or(0) + age_max_s + 1;  // its last second counts in full
  switch (seen.take(jkt, proof.claim("jti"), ends, unix_seconds(now))) {
    case SeenIds::Outcome::seen:
      return fail("dpop_replayed", "this DPoP proof was used before; make one per request");
    case SeenIds::Outcome::full:
      return fail("dpop_full", "too many DPoP proofs are in their lifetime; try again in a minute");
    case SeenIds::Outcome::fresh:
      break;
  }
  return {};
}

}  // namespace ward::identity
