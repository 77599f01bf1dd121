// What a page sends back when a passkey is registered: as the JSON it is, and as the attestation object inside it,
// which the JSON's base64 would keep from being explored.
#include "attestation.hpp"
#include "authenticator_data.hpp"
#include "base/encoding.hpp"
#include "passkey.hpp"
#include "public_key.hpp"

namespace {

using namespace ward;
using namespace ward::factors;

const Expected expected{.rp_id = "clinic.example",
                        .origins = {"https://clinic.example:8443"},
                        .challenge = "0123456789abcdef0123456789abcdef"};

// The credential that an attestation object tells of, as the response that names it too.
std::string response_with(std::string_view attestation_object) {
  std::string id = "id";
  if (const auto object = AttestationObject::parse(attestation_object)) {
    const auto data = AuthenticatorData::parse(object->authenticator_data);
    if (data && data->attested && !data->attested->credential_id.empty()) id = data->attested->credential_id;
  }
  const std::string client_data = R"({"type":"webauthn.create","challenge":")" + base64url_encode(expected.challenge) +
                                  R"(","origin":"https://clinic.example:8443","crossOrigin":false})";
  return R"({"id":")" + base64url_encode(id) + R"(","rawId":")" + base64url_encode(id) +
         R"(","type":"public-key","response":{"clientDataJSON":")" + base64url_encode(client_data) +
         R"(","attestationObject":")" + base64url_encode(attestation_object) + R"("}})";
}

// What is taken must be fit to be kept, and to check assertions with.
void examine(const Result<Credential>& credential) {
  if (!credential) return;
  const auto key = CredentialKey::parse(credential->public_key);
  const bool fit = key && key->algorithm() == credential->algorithm && !credential->id.empty() &&
                   credential->id.size() <= credential_id_bytes_max && credential->aaguid.size() == 16 &&
                   (credential->backup_eligible || !credential->backed_up);
  if (!fit) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  examine(verify_registration(text, expected));
  examine(verify_registration(response_with(text), expected));
  return 0;
}
