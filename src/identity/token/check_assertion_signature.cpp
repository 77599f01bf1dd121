#include "token/attempt.hpp"

namespace ward::identity {

Refused check_assertion_signature(Attempt& attempt) {
  if (!attempt.assertion) return {};
  auto proof = std::move(*attempt.assertion).verify(keys_of(attempt));
  attempt.assertion.reset();
  if (!proof) return invalid_client("assertion_" + std::string(proof.error().code()));
  attempt.proof = std::move(*proof);
  return {};
}

}  // namespace ward::identity
