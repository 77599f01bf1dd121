// The certificate of a packed attestation (WebAuthn section 8.2.1).
#pragma once

#include "base/error.hpp"

#include <string_view>

namespace ward::factors {

/// Version 3; subject with country, organisation, the unit "Authenticator Attestation" and a common name; no CA; and
/// of the make `aaguid`, if it names one. Who issued it is not asked. Error "attestation".
Result<void> check_attestation_certificate(std::string_view der, std::string_view aaguid);

}  // namespace ward::factors
