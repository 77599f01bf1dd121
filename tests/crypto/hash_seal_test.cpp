#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/seal.hpp"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

std::string unhex(std::string_view text) { return hex_decode(text).value(); }
Secret<std::string> key(std::string_view hex) { return Secret<std::string>(unhex(hex)); }

TEST(Hash, gives_the_digests_of_fips_180_4) {
  struct Case {
    const char* text;
    const char* sha256;
  };
  const Case cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
  };
  for (const Case& c : cases) EXPECT_EQ(hex_encode(view(sha256(c.text))), c.sha256) << c.text;
  EXPECT_EQ(hex_encode(sha384("abc")),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
}

TEST(Hash, of_pieces_is_the_hash_of_the_whole) { EXPECT_EQ(sha256({"a", "", "bc"}), sha256("abc")); }

TEST(Hash, gives_the_macs_of_rfc_4231) {
  EXPECT_EQ(hex_encode(view(hmac_sha256("Jefe", "what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex_encode(view(hmac_sha256(std::string(20, '\x0b'), "Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex_encode(view(hmac_sha256("", ""))), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Seal, gcm_gives_what_the_gcm_specification_gives) {  // McGrew and Viega, test case 16
  const auto k = key("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const std::string nonce = unhex("cafebabefacedbaddecaf888");
  const std::string plain = unhex(
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
      "ba637b39");
  const std::string associated = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  EXPECT_EQ(hex_encode(seal_gcm(k, nonce, plain, associated)),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393"
            "ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(Seal, siv_gives_what_rfc_5297_style_sealing_gives_and_is_deterministic) {
  const auto k =
      key("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f06f6e6d6c6b6a69686766656463626160f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405"
          "060708090a0b0c0d0e0f");
  const std::string sealed = seal_siv(k, "page=2", "Patient");
  EXPECT_EQ(sealed.size(), 16 + 6u);
  EXPECT_EQ(sealed, seal_siv(k, "page=2", "Patient"));
  EXPECT_NE(sealed, seal_siv(k, "page=2", "Observation"));
  EXPECT_EQ(open_siv(k, sealed, "Patient").value(), "page=2");
}

TEST(Seal, a_change_of_any_byte_is_noticed) {
  const Secret<std::string> gcm_key(std::string(32, 'k'));
  const Secret<std::string> siv_key("0123456789abcdef0123456789abcdefABCDEF0123456789ABCDEF0123456789");
  const std::string nonce(12, 'n');
  const std::string gcm = seal_gcm(gcm_key, nonce, "a secret", "about");
  const std::string siv = seal_siv(siv_key, "a secret", "about");
  ASSERT_EQ(open_gcm(gcm_key, nonce, gcm, "about").value(), "a secret");
  ASSERT_EQ(open_siv(siv_key, siv, "about").value(), "a secret");
  for (std::size_t i = 0; i < gcm.size(); ++i) {
    std::string changed = gcm;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open_gcm(gcm_key, nonce, changed, "about")) << i;
    changed = siv;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(open_siv(siv_key, changed, "about")) << i;
  }
  EXPECT_TRUE(open_gcm(gcm_key, nonce, gcm, "elsewhere").error().is("unsealable"));
  EXPECT_TRUE(open_siv(siv_key, siv, "elsewhere").error().is("unsealable"));
  for (std::size_t cut = 0; cut < gcm.size(); ++cut) {
    EXPECT_FALSE(open_gcm(gcm_key, nonce, gcm.substr(0, cut), "about")) << cut;
    EXPECT_FALSE(open_siv(siv_key, siv.substr(0, cut), "about")) << cut;
  }
  EXPECT_FALSE(open_gcm(gcm_key, "short", gcm, "about"));
}

TEST(Seal, nothing_can_be_sealed_by_gcm) {
  const Secret<std::string> k(std::string(32, 'k'));
  const std::string sealed = seal_gcm(k, std::string(12, 'n'), "", "");
  EXPECT_EQ(sealed.size(), 16u);
  EXPECT_EQ(open_gcm(k, std::string(12, 'n'), sealed, "").value(), "");
}

}  // namespace
}  // namespace ward::crypto
