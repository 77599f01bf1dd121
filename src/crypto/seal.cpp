#include "seal.hpp"

#include "evp.hpp"

#include <climits>

namespace ward::crypto {
namespace {

constexpr std::size_t tag_bytes = 16;
constexpr std::size_t siv_key_bytes = 64;

const EVP_CIPHER* gcm() {
  static const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  WARD_ASSERT(cipher != nullptr);
  return cipher;
}

const EVP_CIPHER* siv() {
  static const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, "AES-256-SIV", nullptr);
  WARD_ASSERT(cipher != nullptr);
  return cipher;
}

int length(std::string_view text) {
  WARD_ASSERT(text.size() <= INT_MAX - 64);
  return static_cast<int>(text.size());
}

std::unexpected<Error> unsealable() {
  return fail("unsealable", "the sealed value was changed, cut, or sealed with another key");
}

// Feeds the associated data. None at all when it is empty: OpenSSL before 3.0.10 left an empty one out by itself
// (CVE-2023-2975), and what was sealed must open with every version.
bool feed_associated(EVP_CIPHER_CTX* context, std::string_view associated) {
  int written = 0;
  return associated.empty() || EVP_CipherUpdate(context, nullptr, &written, bytes(associated), length(associated)) == 1;
}

}  // namespace

std::string seal_gcm(const Secret<std::string>& key, std::string_view nonce, std::string_view plain,
                     std::string_view associated) {
  WARD_ASSERT(key.reveal().size() == aes_key_bytes && nonce.size() == gcm_nonce_bytes);
  CipherCtx context(EVP_CIPHER_CTX_new());
  std::string out(plain.size() + tag_bytes, '\0');
  int written = 0, last = 0;
  const bool good =
      context && EVP_EncryptInit_ex2(context.get(), gcm(), bytes(key.reveal()), bytes(nonce), nullptr) == 1 &&
      feed_associated(context.get(), associated) &&
      EVP_EncryptUpdate(context.get(), bytes(out.data()), &written, bytes(plain), length(plain)) == 1 &&
      EVP_EncryptFinal_ex(context.get(), bytes(out.data()) + written, &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, out.data() + plain.size()) == 1;
  WARD_ASSERT(good);
  return out;
}

Result<std::string> open_gcm(const Secret<std::string>& key, std::string_view nonce, std::string_view sealed,
                             std::string_view associated) {
  WARD_ASSERT(key.reveal().size() == aes_key_bytes);
  if (nonce.size() != gcm_nonce_bytes || sealed.size() < tag_bytes) return unsealable();
  const std::string_view cipher = sealed.substr(0, sealed.size() - tag_bytes);
  std::string tag(sealed.substr(cipher.size()));
  CipherCtx context(EVP_CIPHER_CTX_new());
  std::string out(cipher.size(), '\0');
  int written = 0, last = 0;
  const bool good = context &&
                    EVP_DecryptInit_ex2(context.get(), gcm(), bytes(key.reveal()), bytes(nonce), nullptr) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
                    feed_associated(context.get(), associated) &&
                    EVP_DecryptUpdate(context.get(), bytes(out.data()), &written, bytes(cipher), length(cipher)) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), bytes(out.data()) + written, &last) == 1;
  if (good) return out;
  wipe(out.data(), out.size());
  return unsealable();
}

// The result is V || C, as in RFC 5297 section 2.6. OpenSSL's SIV has no way to seal nothing.
std::string seal_siv(const Secret<std::string>& key, std::string_view plain, std::string_view associated) {
  WARD_ASSERT(key.reveal().size() == siv_key_bytes && !plain.empty());
  CipherCtx context(EVP_CIPHER_CTX_new());
  std::string out(tag_bytes + plain.size(), '\0');
  int written = 0, last = 0;
  const bool good =
      context && EVP_EncryptInit_ex2(context.get(), siv(), bytes(key.reveal()), nullptr, nullptr) == 1 &&
      feed_associated(context.get(), associated) &&
      EVP_EncryptUpdate(context.get(), bytes(out.data()) + tag_bytes, &written, bytes(plain), length(plain)) == 1 &&
      EVP_EncryptFinal_ex(context.get(), bytes(out.data()) + tag_bytes + written, &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, out.data()) == 1;
  WARD_ASSERT(good);
  return out;
}

Result<std::string> open_siv(const Secret<std::string>& key, std::string_view sealed, std::string_view associated) {
  WARD_ASSERT(key.reveal().size() == siv_key_bytes);
  if (sealed.size() <= tag_bytes) return unsealable();
  const std::string_view cipher = sealed.substr(tag_bytes);
  std::string tag(sealed.substr(0, tag_bytes));
  CipherCtx context(EVP_CIPHER_CTX_new());
  std::string out(cipher.size(), '\0');
  int written = 0, last = 0;
  const bool good = context && EVP_DecryptInit_ex2(context.get(), siv(), bytes(key.reveal()), nullptr, nullptr) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1 &&
                    feed_associated(context.get(), associated) &&
                    EVP_DecryptUpdate(context.get(), bytes(out.data()), &written, bytes(cipher), length(cipher)) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), bytes(out.data()) + written, &last) == 1;
  if (good) return out;
  wipe(out.data(), out.size());
  return unsealable();
}

}  // namespace ward::crypto
