// A token from outside: parsed, its claims checked, its signature tried with keys of each kind.
#include "crypto/jose.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::crypto;
  static const KeySet keys({PublicKey::of(SigningKey::generate(SigningKey::Kind::p256), ""),
                            PublicKey::of(SigningKey::generate(SigningKey::Kind::ed25519), ""),
                            PublicKey::of(SigningKey::generate(SigningKey::Kind::rsa2048), "")});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto token = UnverifiedJwt::parse(text)) {
    token->claimed_issuer();
    token->claimed_subject();
    if (std::move(*token).verify(keys)) __builtin_trap();  // nobody has signed anything with these keys
  }
  if (verify_jws(text, keys)) __builtin_trap();
  // The input as claims of a good token: what a client with a good key may send.
  static const SigningKey own = SigningKey::generate(SigningKey::Kind::ed25519);
  static const KeySet own_keys({PublicKey::of(own, "")});
  if (auto token = UnverifiedJwt::parse(make_jwt(own, Algorithm::eddsa, "", "", text))) {
    auto verified = std::move(*token).verify(own_keys);
    if (!verified) __builtin_trap();
    const ClaimRules rules{.issuer = "a",
                           .audiences = {"b"},
                           .skew = std::chrono::seconds(5),
                           .lifetime_max = std::chrono::seconds(300),
                           .issued_at = true,
                           .token_id = true};
    (void)verified->check(rules, ward::WallTime(std::chrono::seconds(1'800'000'000)));
    verified->audience();
    verified->time("exp");
  }
  return 0;
}
