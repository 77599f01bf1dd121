// Attestation statements (WebAuthn section 8): "none" and "packed".
#pragma once

#include "authenticator_data.hpp"
#include "cbor.hpp"
#include "passkey.hpp"

namespace ward::factors {

/// The three members of an attestation object (section 6.5.4). Views into the source and `document`.
struct AttestationObject {
  cbor::Document document;
  std::string_view format;
  std::string_view authenticator_data;
  const cbor::Item* statement;

  /// Error "attestation_object".
  static Result<AttestationObject> parse(std::string_view source);
};

/// Section 7.1 steps 21 and 22. `client_data_hash` is SHA-256 of the client data. Errors: "attestation_format",
/// "attestation".
Result<void> verify_attestation(const AttestationObject& object, const AuthenticatorData& data, int algorithm,
                                std::string_view client_data_hash, const Expected& expected);

}  // namespace ward::factors
