// What a page sends back when a passkey signs in: as the JSON it is, and as its parts, which the JSON's base64 would
// keep from being explored: two bytes of length, that much authenticator data, then the signature.
#include "base/encoding.hpp"
#include "passkey.hpp"
#include "public_key.hpp"

namespace {

using namespace ward;
using namespace ward::factors;

// P-256's base point: a right key for which nobody here signs.
const std::string x = *hex_decode("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296");
const std::string y = *hex_decode("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
const Credential credential{
    .id = "credential-0123456789abcdef",
    .public_key = std::string("\xA5\x01\x02\x03\x26\x20\x01\x21\x58\x20", 10) + x + "\x22\x58\x20" + y,
    .algorithm = cose_es256};

const Expected expected{.rp_id = "clinic.example",
                        .origins = {"https://clinic.example:8443"},
                        .challenge = "0123456789abcdef0123456789abcdef",
                        .user_handle = "handle-of-dora"};

std::string response_with(std::string_view authenticator_data, std::string_view signature) {
  const std::string id = base64url_encode(credential.id);
  const std::string client_data = R"({"type":"webauthn.get","challenge":")" + base64url_encode(expected.challenge) +
                                  R"(","origin":"https://clinic.example:8443","crossOrigin":false})";
  return R"({"id":")" + id + R"(","rawId":")" + id + R"(","type":"public-key","response":{"clientDataJSON":")" +
         base64url_encode(client_data) + R"(","authenticatorData":")" + base64url_encode(authenticator_data) +
         R"(","signature":")" + base64url_encode(signature) + R"(","userHandle":")" +
         base64url_encode(expected.user_handle) + R"("}})";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (verify_assertion(text, credential, expected)) __builtin_trap();
  (void)claimed_credential(text);
  (void)CredentialKey::parse(text);
  if (size < 2) return 0;
  const std::size_t length = std::min<std::size_t>(data[0] << 8 | data[1], size - 2);
  if (verify_assertion(response_with(text.substr(2, length), text.substr(2 + length)), credential, expected))
    __builtin_trap();
  return 0;
}
