// A key or a set of keys from outside: what is accepted prints and reads back as the same key.
#include "crypto/jose.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::crypto;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto key = PublicKey::from_jwk(text)) {
    auto again = PublicKey::from_jwk(key->jwk());
    if (!again || again->thumbprint() != key->thumbprint() || again->algorithms() != key->algorithms())
      __builtin_trap();
    for (unsigned i = 0; i < 7; ++i) (void)key->verify(static_cast<Algorithm>(i), "message", std::string(64, '\1'));
  }
  if (auto set = KeySet::parse(text)) {
    auto again = KeySet::parse(set->text());
    if (!again || again->keys().size() != set->keys().size()) __builtin_trap();
  }
  if (auto key = signing_key_from_jwk(ward::Secret<std::string>(std::string(text)))) (void)private_jwk(*key, "a");
  return 0;
}
