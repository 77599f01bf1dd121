#include "base/encoding.hpp"
#include "passkey.hpp"

#include <array>

namespace ward::factors {
namespace {

std::string quoted_bytes(std::string_view bytes) { return "\"" + base64url_encode(bytes) + "\""; }

std::string descriptors(const std::vector<CredentialDescriptor>& list) {
  std::string out = "[";
  for (const CredentialDescriptor& one : list) {
    if (out.size() > 1) out += ",";
    out += R"({"type":"public-key","id":)" + quoted_bytes(one.id);
    if (!one.transports.empty()) {
      out += R"(,"transports":[)";
      for (std::size_t i = 0; i < one.transports.size(); ++i)
        out += (i == 0 ? "" : ",") + json_string(one.transports[i]);
      out += "]";
    }
    out += "}";
  }
  return out + "]";
}

std::string algorithms() {
  std::string out = "[";
  for (const int algorithm : {cose_es256, cose_eddsa, cose_rs256})
    out += fmt::format(R"({}{{"type":"public-key","alg":{}}})", out.size() > 1 ? "," : "", algorithm);
  return out + "]";
}

std::string user_verification(bool required) {
  return required ? R"(,"userVerification":"required")" : R"(,"userVerification":"preferred")";
}

}  // namespace

std::string new_passkey_challenge(Random& random) { return random.bytes(passkey_challenge_bytes); }

std::string creation_options_json(const CreationOptions& options) {
  WARD_ASSERT(!options.user_handle.empty() && options.user_handle.size() <= user_handle_bytes_max);
  const bool required = options.resident_key_required;
  std::string out = R"({"rp":{"id":)" + json_string(options.rp_id) + R"(,"name":)" + json_string(options.rp_name);
  out += R"(},"user":{"id":)" + quoted_bytes(options.user_handle) + R"(,"name":)" + json_string(options.user_name);
  out += R"(,"displayName":)" + json_string(options.user_display_name);
  out += R"(},"challenge":)" + quoted_bytes(options.challenge) + R"(,"pubKeyCredParams":)" + algorithms();
  out += fmt::format(R"(,"timeout":{},"excludeCredentials":)", options.timeout.count()) + descriptors(options.exclude);
  out += R"(,"authenticatorSelection":{"residentKey":")" + std::string(required ? "required" : "preferred");
  out += R"(","requireResidentKey":)" + std::string(required ? "true" : "false");
  return out + user_verification(options.user_verification_required) + R"(},"attestation":"none"})";
}

std::string request_options_json(const RequestOptions& options) {
  std::string out = R"({"challenge":)" + quoted_bytes(options.challenge);
  out += fmt::format(R"(,"timeout":{},"rpId":)", options.timeout.count()) + json_string(options.rp_id);
  out += R"(,"allowCredentials":)" + descriptors(options.allow);
  return out + user_verification(options.user_verification_required) + "}";
}

}  // namespace ward::factors
