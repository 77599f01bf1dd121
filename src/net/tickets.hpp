// Keys of TLS session tickets: made of randomness in this process, never stored, replaced every hour.
#pragma once

#include "base/clock.hpp"

#include <openssl/evp.h>

namespace ward::net {

/// The current key and the one before it. Thread-safe.
class TicketKeys {
 public:
  static constexpr auto lifetime = std::chrono::hours(1);

  explicit TicketKeys(Clock& clock) : clock_(clock) {}
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// The contract of SSL_CTX_set_tlsext_ticket_key_evp_cb: -1 error, 0 unknown key, 1 fine, 2 fine but renew.
  int prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool encrypt);

 private:
  struct Key {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
    MonoTime made{};
  };
  bool rotate_if_due();
  static int use(const Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool encrypt);

  Clock& clock_;
  std::mutex mutex_;
  std::optional<Key> current_, previous_;
};

}  // namespace ward::net
