// Authenticator data (WebAuthn section 6.1): what an authenticator signs.
#pragma once

#include "base/error.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace ward::factors {

/// Outputs of the extensions that libfido2 knows. It wants to be told which ones to expect; we ask for none, but
/// browsers add some of their own accord (credProtect).
struct ExtensionOutputs {
  int mask = 0;  // FIDO_EXT_*
  int credential_protection = 0;
  std::size_t pin_length_min = 0;
};

/// Views into the source, which must outlive it.
struct AuthenticatorData {
  std::string_view source;
  std::string_view rp_id_hash;
  std::uint8_t flags = 0;
  std::uint32_t counter = 0;
  struct Attested {
    std::string_view aaguid, credential_id;
    std::string_view public_key;  // COSE_Key
  };
  std::optional<Attested> attested;
  ExtensionOutputs extensions;

  bool user_present() const { return (flags & 0x01) != 0; }
  bool user_verified() const { return (flags & 0x04) != 0; }
  bool backup_eligible() const { return (flags & 0x08) != 0; }
  bool backed_up() const { return (flags & 0x10) != 0; }

  /// Error "authenticator_data".
  static Result<AuthenticatorData> parse(std::string_view source);
};

}  // namespace ward::factors
