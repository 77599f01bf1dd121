// Registering a credential, in the order of WebAuthn section 7.1.
#include "attestation.hpp"
#include "checks.hpp"
#include "client_data.hpp"
#include "crypto/hash.hpp"
#include "passkey_response.hpp"
#include "public_key.hpp"

namespace ward::factors {
namespace {

Result<Credential> credential_of(const RegistrationResponse& response, const AuthenticatorData& data, int algorithm) {
  const auto& attested = *data.attested;
  if (attested.credential_id.empty() || attested.credential_id.size() > credential_id_bytes_max)  // step 25
    return fail("credential_id", "the credential id is empty or longer than 1023 bytes");
  if (attested.credential_id != response.id)
    return fail("credential_id", "the response names another credential than the one that was made");
  return Credential{.id = response.id,
                    .public_key = std::string(attested.public_key),
                    .algorithm = algorithm,
                    .counter = data.counter,
                    .backup_eligible = data.backup_eligible(),
                    .backed_up = data.backed_up(),
                    .transports = response.transports,
                    .aaguid = std::string(attested.aaguid)};
}

}  // namespace

Result<Credential> verify_registration(std::string_view response_json, const Expected& expected) {
  const auto response = RegistrationResponse::parse(response_json);
  if (!response) return std::unexpected(response.error());
  if (auto right = check_client_data(response->client_data, creation_type, expected); !right)
    return std::unexpected(right.error());
  const auto object = AttestationObject::parse(response->attestation_object);
  if (!object) return std::unexpected(object.error());
  const auto data = AuthenticatorData::parse(object->authenticator_data);
  if (!data) return std::unexpected(data.error());
  if (!data->attested) return fail("authenticator_data", "the authenticator data has no credential");
  if (auto right = check_authenticator_data(*data, expected); !right) return std::unexpected(right.error());
  const auto key = CredentialKey::parse(data->attested->public_key);  // step 19
  if (!key) return std::unexpected(key.error());
  const auto hash = crypto::sha256(response->client_data);
  if (auto right = verify_attestation(*object, *data, key->algorithm(), crypto::view(hash), expected); !right)
    return std::unexpected(right.error());
  return credential_of(*response, *data, key->algorithm());
}

}  // namespace ward::factors
