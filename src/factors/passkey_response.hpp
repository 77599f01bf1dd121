// What a page sends back: RegistrationResponseJSON and AuthenticationResponseJSON (WebAuthn section 5.1).
#pragma once

#include "base/error.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::factors {

/// Strings are raw bytes.
struct RegistrationResponse {
  std::string id;
  std::string client_data;
  std::string attestation_object;
  std::vector<std::string> transports;

  /// Error "response".
  static Result<RegistrationResponse> parse(std::string_view json);
};

struct AssertionResponse {
  std::string id;
  std::string client_data;
  std::string authenticator_data;
  std::string signature;
  std::optional<std::string> user_handle;

  /// Error "response".
  static Result<AssertionResponse> parse(std::string_view json);
};

}  // namespace ward::factors
