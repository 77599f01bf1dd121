// One relying party and one person, for the tests of both ceremonies.
#pragma once

#include "passkey.hpp"
#include "software_authenticator.hpp"

namespace ward::factors::test {

inline const std::string challenge = "0123456789abcdef0123456789abcdef";
inline const std::string person = "handle-of-dora";

inline Expected clinic() {
  return {.rp_id = "clinic.example",
          .origins = {"https://clinic.example:8443", "https://www.clinic.example"},
          .challenge = challenge,
          .user_handle = person};
}

template <class Plan>
Plan plan_of(const char* type) {
  Plan plan;
  plan.type = type;
  plan.challenge = challenge;
  plan.origin = "https://clinic.example:8443";
  plan.rp_id = "clinic.example";
  return plan;
}
inline RegistrationPlan registration() { return plan_of<RegistrationPlan>("webauthn.create"); }
inline AssertionPlan assertion() { return plan_of<AssertionPlan>("webauthn.get"); }

inline const char* name(Kind kind) { return kind == Kind::es256 ? "ES256" : kind == Kind::eddsa ? "EdDSA" : "RS256"; }

inline Credential registered(const SoftwareAuthenticator& authenticator,
                             const RegistrationPlan& plan = registration()) {
  auto credential = verify_registration(authenticator.create(plan), clinic());
  WARD_ASSERT(credential.has_value());
  return *credential;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "right" : std::string(result.error().code());
}

}  // namespace ward::factors::test
