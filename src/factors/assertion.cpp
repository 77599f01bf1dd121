// Verifying an assertion, in the order of WebAuthn section 7.2.
#include "base/guarded.hpp"
#include "checks.hpp"
#include "client_data.hpp"
#include "crypto/hash.hpp"
#include "passkey_response.hpp"
#include "public_key.hpp"

#include <fido.h>
#include <memory>

namespace ward::factors {
namespace {

constexpr std::size_t signature_bytes_max = 1024;

struct FreeAssert {
  void operator()(fido_assert_t* assertion) const { fido_assert_free(&assertion); }
};

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Steps 5 and 6: whose credential it is.
Result<void> check_owner(const AssertionResponse& response, const Credential& credential, const Expected& expected) {
  if (!constant_time_equal(response.id, credential.id))
    return fail("credential_id", "the response is of another credential");
  if (!response.user_handle && expected.user_handle_required)
    return fail("user_handle", "the authenticator does not say whose credential it is");
  if (response.user_handle && !constant_time_equal(*response.user_handle, expected.user_handle))
    return fail("user_handle", "the credential is of another person");
  return {};
}

// Steps 21 and 22.
bool signature_fits(const AssertionResponse& response, const AuthenticatorData& data, const CredentialKey& key,
                    const Expected& expected) {
  if (response.signature.size() > signature_bytes_max) return false;
  const auto hash = crypto::sha256(response.client_data);
  const std::unique_ptr<fido_assert_t, FreeAssert> owner(fido_assert_new());
  fido_assert_t* assertion = owner.get();
  const bool set =
      assertion != nullptr && fido_assert_set_rp(assertion, expected.rp_id.c_str()) == FIDO_OK &&
      fido_assert_set_clientdata_hash(assertion, hash.data(), hash.size()) == FIDO_OK &&
      fido_assert_set_up(assertion, FIDO_OPT_TRUE) == FIDO_OK &&
      fido_assert_set_uv(assertion, expected.user_verification_required ? FIDO_OPT_TRUE : FIDO_OPT_OMIT) == FIDO_OK &&
      fido_assert_set_extensions(assertion, data.extensions.mask) == FIDO_OK &&
      fido_assert_set_count(assertion, 1) == FIDO_OK &&
      fido_assert_set_authdata_raw(assertion, 0, bytes(data.source), data.source.size()) == FIDO_OK &&
      fido_assert_set_sig(assertion, 0, bytes(response.signature), response.signature.size()) == FIDO_OK;
  return set && fido_assert_verify(assertion, 0, key.algorithm(), key.native()) == FIDO_OK;
}

// Step 23 and section 6.1.1. Passkeys that are synchronised have no counter: 0, for ever.
bool counter_grew(std::uint32_t before, std::uint32_t now) { return (before == 0 && now == 0) || now > before; }

}  // namespace

Result<ClaimedCredential> claimed_credential(std::string_view response_json) {
  auto response = AssertionResponse::parse(response_json);
  if (!response) return std::unexpected(response.error());
  return ClaimedCredential{std::move(response->id), std::move(response->user_handle)};
}

Result<Assertion> verify_assertion(std::string_view response_json, const Credential& credential,
                                   const Expected& expected) {
  const auto response = AssertionResponse::parse(response_json);
  if (!response) return std::unexpected(response.error());
  if (auto right = check_owner(*response, credential, expected); !right) return std::unexpected(right.error());
  if (auto right = check_client_data(response->client_data, request_type, expected); !right)
    return std::unexpected(right.error());
  const auto data = AuthenticatorData::parse(response->authenticator_data);
  if (!data) return std::unexpected(data.error());
  if (data->attested) return fail("authenticator_data", "an assertion has no credential in its authenticator data");
  if (auto right = check_authenticator_data(*data, expected); !right) return std::unexpected(right.error());
  if (data->backup_eligible() != credential.backup_eligible)  // step 19
    return fail("backup_eligibility", "whether the credential may be backed up is said to have changed");
  const auto key = CredentialKey::parse(credential.public_key);
  if (!key) return std::unexpected(key.error());
  if (key->algorithm() != credential.algorithm)
    return fail("algorithm", "the credential is kept with another algorithm");
  if (!signature_fits(*response, *data, *key, expected))
    return fail("signature", "the authenticator's signature does not verify");
  if (!counter_grew(credential.counter, data->counter))
    return fail("counter", "the signature counter did not grow: the authenticator may have been cloned");
  return Assertion{data->counter, data->user_verified(), data->backed_up()};
}

}  // namespace ward::factors
