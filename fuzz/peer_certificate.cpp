// A certificate from outside, and the same bytes as a distinguished name in text form.
#include "crypto/peer_certificate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto certificate = PeerCertificate::parse(text)) {
    if (certificate->subject && !(*certificate->subject == *certificate->subject)) __builtin_trap();
    if (certificate->key && !PublicKey::from_jwk(certificate->key->jwk())) __builtin_trap();
  }
  if (const auto name = DistinguishedName::parse(text)) {
    const auto again = DistinguishedName::parse(text);
    if (!again || !(*again == *name)) __builtin_trap();
  }
  return 0;
}
