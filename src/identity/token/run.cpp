#include "token/attempt.hpp"

namespace ward::identity {
namespace {

constexpr Check named[] = {check_client_method, check_client_known};
constexpr Check proven[] = {check_client_secret,  check_assertion_signature, check_assertion_claims,
                            check_assertion_once, check_client_certificate,  check_client_enabled};

}  // namespace

const std::span<const Check> client_named = named, client_proven = proven;

Refused run(std::span<const Check> checks, Attempt& attempt) {
  for (const Check check : checks)
    if (auto refused = check(attempt)) return refused;
  return {};
}

}  // namespace ward::identity
