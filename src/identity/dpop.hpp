// Proofs of possession (RFC 9449): the key that a request is signed with, and server nonces.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"
#include "bounded.hpp"
#include "crypto/jose.hpp"

#include <string>
#include <string_view>

namespace ward::identity {

/// The request that a proof came with.
struct DpopRequest {
  std::string_view method;
  std::string_view url;           // our own configured base and the path; never made of a Host header
  std::string_view access_token;  // empty at the token endpoint and PAR
  std::string_view expected_jkt;  // the key that a token, code or refresh token is bound to; empty: any
};

/// Checks proofs and remembers them until they are too old to count. Any thread.
class DpopProofs {
 public:
  struct Options {
    bool nonce_required = true;         // section 8 and 9; a nonce that was sent is checked in any case
    std::size_t entries_max = 400'000;  // proofs within their window, at the token endpoint and elsewhere each
    std::size_t per_key_max = 50'000;
  };
  struct Proof {
    std::string jkt;  // RFC 7638 thumbprint of the key, as in `cnf.jkt` and `dpop_jkt`
  };

  /// `dpop_signing_alg_values_supported`.
  static constexpr crypto::Algorithms algorithms = crypto::Algorithms::all();
  static constexpr std::size_t proof_bytes_max = 8 * 1024;

  explicit DpopProofs(Random& random) : DpopProofs(random, Options{}) {}
  DpopProofs(Random& random, const Options& options);

  /// Section 4.3 in its order, 2 to 12, and section 11.1; that there is exactly one DPoP header is the caller's to see.
  /// The proof is used up only if all else holds.
  /// Errors; messages hold nothing of the proof and may be told to the client:
  /// "use_dpop_nonce" (answer with a fresh `nonce`), "dpop_full" (temporary), and as `invalid_dpop_proof`:
  /// "dpop_malformed", "dpop_type", "dpop_header", "dpop_algorithm", "dpop_key", "dpop_signature", "dpop_claims",
  /// "dpop_htm", "dpop_htu", "dpop_iat", "dpop_ath", "dpop_jkt", "dpop_replayed".
  Result<Proof> check(std::string_view proof_jwt, const DpopRequest& request, WallTime now);

  /// For the DPoP-Nonce header. Taken for one to two minutes, by this process only: clients that kept one from before a
  /// restart are told a new one.
  std::string nonce(WallTime now) const;

 private:
  std::string nonce_of_step(std::int64_t step) const;
  Result<void> check_nonce(const crypto::Jwt& proof, WallTime now) const;
  Result<void> use_up(const crypto::Jwt& proof, const std::string& jkt, bool has_token, WallTime now);

  const Options options_;
  const Secret<std::string> nonce_key_;
  // Apart, so that whoever floods the token endpoint with keys of his own does not stop those who hold tokens.
  SeenIds seen_for_tokens_, seen_with_token_;
};

}  // namespace ward::identity
