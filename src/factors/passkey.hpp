// Passkeys: the relying party's side of Web Authentication, level 3 (https://www.w3.org/TR/webauthn-3/).
//
// Options go to the page as the JSON that `PublicKeyCredential.parseCreationOptionsFromJSON` and
// `parseRequestOptionsFromJSON` read; what `credential.toJSON()` gives comes back. Signatures are checked by libfido2.
// Pure: who calls makes the challenge, keeps it with the session, and takes it once. Any thread.
#pragma once

#include "base/error.hpp"
#include "base/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::factors {

constexpr std::size_t passkey_challenge_bytes = 32;         // section 13.4.3: at least 16
constexpr std::size_t passkey_response_bytes_max = 65'536;  // of JSON
constexpr std::size_t credential_id_bytes_max = 1023;       // section 7.1 step 25
constexpr std::size_t user_handle_bytes_max = 64;           // section 4, user handle

/// COSE algorithms (RFC 9053, RFC 8812) that we take, the preferred first.
constexpr int cose_es256 = -7;
constexpr int cose_eddsa = -8;
constexpr int cose_rs256 = -257;  // Windows Hello; 2048 bits, as libfido2 has them

/// What is kept of a passkey: the credential record of section 4. Strings are raw bytes.
struct Credential {
  std::string id;
  std::string public_key;  // COSE_Key, as the authenticator encoded it
  int algorithm = 0;       // COSE
  std::uint32_t counter = 0;
  bool backup_eligible = false;  // may be synchronised; never changes
  bool backed_up = false;        // is synchronised now
  std::vector<std::string> transports;
  std::string aaguid;  // 16 bytes; all zero where the make is not told
};

/// What this ceremony must say. Strings are raw bytes.
struct Expected {
  std::string rp_id;                 // a domain: "clinic.example"
  std::vector<std::string> origins;  // exact: "https://clinic.example:8443"
  std::string challenge;             // at least 16 bytes
  bool user_verification_required = true;
  std::string user_handle;            // of the person whose credential it is; for assertions
  bool user_handle_required = false;  // true where the person did not say first who they are (section 7.2 step 6)
};

/// A signature that was right. The caller keeps counter and backup state with the credential.
struct Assertion {
  std::uint32_t counter = 0;
  bool user_verified = false;
  bool backed_up = false;
};

/// Another credential, by which a page tells the browser what is registered or allowed.
struct CredentialDescriptor {
  std::string id;
  std::vector<std::string> transports;
};

struct CreationOptions {
  std::string rp_id, rp_name;
  std::string user_handle;  // 1 to 64 raw bytes, random: never a name (section 14.6.1)
  std::string user_name, user_display_name;
  std::string challenge;
  std::vector<CredentialDescriptor> exclude;  // the person's own, so that no authenticator is registered twice
  bool resident_key_required = false;         // true for a passkey that signs in without a name
  bool user_verification_required = true;     // false for a security key that is only the second factor: "preferred"
  std::chrono::milliseconds timeout{300'000};
};

struct RequestOptions {
  std::string rp_id;
  std::string challenge;
  std::vector<CredentialDescriptor> allow;  // empty: any discoverable one (sign-in without a name, conditional UI)
  bool user_verification_required = true;
  std::chrono::milliseconds timeout{300'000};
};

std::string new_passkey_challenge(Random& random);

/// PublicKeyCredentialCreationOptionsJSON (section 5.1.9), with attestation "none".
std::string creation_options_json(const CreationOptions& options);
/// PublicKeyCredentialRequestOptionsJSON (section 5.1.10).
std::string request_options_json(const RequestOptions& options);

/// Section 7.1. The caller has still to see that no account has a credential of this id (step 26).
///
/// Errors, in the order of the section: "response" (not the JSON it should be), "client_data", "type", "challenge",
/// "origin", "cross_origin", "top_origin", "attestation_object", "authenticator_data", "rp_id", "user_present",
/// "user_verified", "backup_state", "algorithm", "public_key", "attestation_format" (neither none nor packed),
/// "attestation", "credential_id". Roots of attestation are not asked for: what makes an authenticator is not our
/// policy, and with "none" browsers do not tell it.
Result<Credential> verify_registration(std::string_view response_json, const Expected& expected);

/// Whose signature a response claims to be, to look the credential up by. Nothing is proven yet.
struct ClaimedCredential {
  std::string id;
  std::optional<std::string> user_handle;
};
/// Error "response".
Result<ClaimedCredential> claimed_credential(std::string_view response_json);

/// Section 7.2. Errors as above, and: "credential_id" (another credential), "user_handle" (another person, or absent
/// where it is required), "backup_eligibility" (changed since registration), "signature", "counter" (did not grow,
/// and is not 0 for ever: perhaps a clone; section 6.1.1).
Result<Assertion> verify_assertion(std::string_view response_json, const Credential& credential,
                                   const Expected& expected);

}  // namespace ward::factors
