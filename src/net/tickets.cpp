#include "tickets.hpp"

#include "base/guarded.hpp"

#include <openssl/core_names.h>
#include <openssl/rand.h>

namespace ward::net {

TicketKeys::~TicketKeys() {
  if (current_) wipe(&*current_, sizeof *current_);
  if (previous_) wipe(&*previous_, sizeof *previous_);
}

int TicketKeys::prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                        bool encrypt) {
  const std::lock_guard lock(mutex_);
  if (!rotate_if_due()) return -1;
  if (encrypt) {
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    std::memcpy(name, current_->name.data(), current_->name.size());
    return use(*current_, iv, cipher, mac, true);
  }
  if (std::memcmp(name, current_->name.data(), current_->name.size()) == 0)
    return use(*current_, iv, cipher, mac, false);
  if (!previous_ || std::memcmp(name, previous_->name.data(), previous_->name.size()) != 0) return 0;
  return use(*previous_, iv, cipher, mac, false) == 1 ? 2 : -1;
}

bool TicketKeys::rotate_if_due() {
  const MonoTime now = clock_.mono();
  if (current_ && now - current_->made < lifetime) return true;
  Key fresh;
  fresh.made = now;
  if (RAND_bytes(fresh.name.data(), static_cast<int>(fresh.name.size())) != 1 ||
      RAND_priv_bytes(fresh.cipher.data(), static_cast<int>(fresh.cipher.size())) != 1 ||
      RAND_priv_bytes(fresh.mac.data(), static_cast<int>(fresh.mac.size())) != 1) {
    return false;
  }
  // After a long pause the old key is too old to be the previous one.
  if (previous_) wipe(&*previous_, sizeof *previous_);
  previous_.reset();
  if (current_ && now - current_->made < 2 * lifetime) previous_ = current_;
  current_ = fresh;
  wipe(&fresh, sizeof fresh);
  return true;
}

int TicketKeys::use(const Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, bool encrypt) {
  char digest[] = "SHA256";
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return -1;
  if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, encrypt ? 1 : 0) != 1) return -1;
  return 1;
}

}  // namespace ward::net
