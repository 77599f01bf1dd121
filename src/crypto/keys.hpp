// Signing keys, and the ring that keeps all of the server's keys wrapped by a master key.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/guarded.hpp"
#include "base/random.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;

namespace ward::crypto {

/// A private key for signatures: Ed25519, P-256, P-384 or RSA. Copies share it. Any thread.
/// Signatures by JOSE algorithm, and keys as JWK: see jose.hpp.
class SigningKey {
 public:
  enum class Kind : std::uint8_t { ed25519, p256, p384, rsa2048, rsa3072 };
  static SigningKey generate(Kind);
  /// PKCS#8 or the older forms, not encrypted. Error "key_invalid": another kind of key, or RSA below 2048 bits.
  static Result<SigningKey> from_pem(const Secret<std::string>& pem);
  /// Takes over the reference. Same errors as from_pem.
  static Result<SigningKey> adopt(evp_pkey_st* key);
  Secret<std::string> to_pem() const;  // PKCS#8
  Kind kind() const { return kind_; }  // an RSA key of another size says the nearest smaller
  /// 64 bytes (RFC 8032). Only for Kind::ed25519.
  std::string sign_ed25519(std::string_view message) const;
  std::string public_raw_ed25519() const;
  evp_pkey_st* native() const { return key_.get(); }
  explicit operator bool() const { return key_ != nullptr; }

 private:
  std::shared_ptr<evp_pkey_st> key_;
  Kind kind_ = Kind::ed25519;
};

bool verify_ed25519(std::string_view public_raw, std::string_view message, std::string_view signature);

/// Where the master key comes from: a file of mode 0600 with 32 bytes in base64, or a command that prints it.
struct MasterKeySource {
  std::filesystem::path file;
  std::string command;  // run by /bin/sh; what it prints is trimmed; an exit status other than 0 is an error
};

/// The server's keys by purpose ("audit-sign", "audit-seal", "token-sign", "link-seal", "session"), each generation
/// with an id and a time, wrapped by the master key (AES-256-GCM) in one file that is replaced atomically (fsync file
/// and directory). Any thread.
class KeyRing {
 public:
  enum class State { current, previous, retired };
  struct Entry {
    std::string id;  // 8 random bytes, base64url
    std::string purpose;
    std::string kind;  // "ed25519", "p256", "aes256", "siv512"
    WallTime created;
    State state;
  };
  /// Creates the file, and the master key file if it is absent and `create` (mode 0600).
  /// Errors: "master_key" (absent, readable by others, malformed, command failed), "key_ring" (damaged, or another
  /// master key), "io".
  static Result<std::unique_ptr<KeyRing>> open(const std::filesystem::path& file, const MasterKeySource&, bool create,
                                               Clock&, Random&);
  virtual ~KeyRing() = default;
  /// The current key of a purpose; made if there is none. `kind` as in Entry.
  virtual Result<std::pair<Entry, SigningKey>> signing(std::string_view purpose, SigningKey::Kind) = 0;
  virtual Result<std::pair<Entry, Secret<std::string>>> secret(std::string_view purpose, std::size_t bytes) = 0;
  virtual Result<Secret<std::string>> secret_by_id(std::string_view id) = 0;
  /// Current and previous signing keys of a purpose, the current first: for JWKS.
  virtual std::vector<std::pair<Entry, SigningKey>> all_signing(std::string_view purpose) = 0;
  /// A new current key; the one before stays `previous` until retired (the one before that is retired now).
  virtual Result<Entry> rotate(std::string_view purpose) = 0;
  virtual Result<void> retire(std::string_view id) = 0;
  virtual std::vector<Entry> list() const = 0;
};

}  // namespace ward::crypto
