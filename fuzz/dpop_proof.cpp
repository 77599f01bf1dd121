// A DPoP proof from outside: as it comes, as the claims of a proof with a good signature, and as the URL that it names.
#include "dpop.hpp"

#include "base/encoding.hpp"
#include "normal_uri.hpp"

namespace {

using namespace ward::identity;

std::string signed_proof(std::string_view claims) {
  using namespace ward::crypto;
  static const SigningKey key = SigningKey::generate(SigningKey::Kind::ed25519);
  static const std::string header =
      ward::base64url_encode(R"({"typ":"dpop+jwt","alg":"EdDSA","jwk":)" + PublicKey::of(key, "").jwk() + "}");
  const std::string text = header + "." + ward::base64url_encode(claims);
  return text + "." + ward::base64url_encode(sign(key, Algorithm::eddsa, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static ward::SystemRandom random;
  static DpopProofs proofs(random, {.nonce_required = false, .entries_max = 100, .per_key_max = 100});
  const ward::WallTime now(std::chrono::seconds(1'800'000'000));
  const DpopRequest request{.method = "POST", .url = "https://a.example/token"};
  (void)proofs.check(text, request, now);

  const std::string proof = signed_proof(text);
  if (proofs.check(proof, request, now)) {  // what passed is used up
    const auto again = proofs.check(proof, request, now);
    if (again || !again.error().is("dpop_replayed")) __builtin_trap();
  }
  if (const auto normal = normal_uri(text)) {  // the normal form is its own
    if (normal_uri(*normal) != normal) __builtin_trap();
  }
  return 0;
}
