// Checking signatures in JOSE's form, at about the cost of OpenSSL's own verification.
#pragma once

#include "evp.hpp"
#include "jose.hpp"

#include <array>

namespace ward::crypto {

/// A public key with one ready context per algorithm: a verification copies the context instead of looking up
/// algorithms again. Immutable after `prepare`; any thread.
class Verifier {
 public:
  static std::unique_ptr<Verifier> prepare(Pkey key, Algorithms algorithms);
  bool verify(Algorithm algorithm, std::string_view message, std::string_view signature) const;

 private:
  Pkey key_;
  std::array<PkeyCtx, 7> ready_;  // by Algorithm; none for EdDSA, which hashes by itself
};

}  // namespace ward::crypto
