// A credential's public key (COSE_Key, RFC 9052 section 7) as libfido2 has it.
#pragma once

#include "base/error.hpp"

#include <memory>
#include <string_view>

namespace ward::factors {

class CredentialKey {
 public:
  /// Errors: "algorithm" (none of ES256, EdDSA, RS256), "public_key" (malformed, not on its curve, or RSA that is not
  /// 2048 bits with the exponent 65537; WebAuthn section 5.8.5: no other members, uncompressed points).
  static Result<CredentialKey> parse(std::string_view cose);
  int algorithm() const { return algorithm_; }
  /// es256_pk_t, eddsa_pk_t or rs256_pk_t, by the algorithm.
  const void* native() const { return key_.get(); }

 private:
  CredentialKey(int algorithm, std::shared_ptr<const void> key) : algorithm_(algorithm), key_(std::move(key)) {}
  int algorithm_;
  std::shared_ptr<const void> key_;
};

bool is_allowed_algorithm(std::int64_t cose_algorithm);

}  // namespace ward::factors
