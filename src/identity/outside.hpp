// Tokens of outside issuers that configuration trusts.
#pragma once

#include "crypto/jose.hpp"
#include "identity.hpp"

namespace ward::identity {

struct ReadyIssuer {
  OutsideIssuer issuer;
  crypto::KeySet keys;  // only with the configured algorithms
};

/// Error "issuer": what is wrong with its keys or algorithms.
Result<ReadyIssuer> prepare(const OutsideIssuer& issuer);

/// A verified token as a caller, by the issuer's mapping. Roles that it may not give, and a fhirUser that is none of
/// ours, are dropped.
Result<Caller> map_claims(const ReadyIssuer& ready, const crypto::Jwt& token, const Settings& settings);

}  // namespace ward::identity
