#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/keys.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <filesystem>
#include <fstream>

namespace ward::crypto {
namespace {

namespace fs = std::filesystem;

class KeyRingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = fs::temp_directory_path() / ("ward-keys-" + random.token(6));
    fs::create_directory(folder);
    source.file = folder / "master.key";
  }
  void TearDown() override { fs::remove_all(folder); }
  Result<std::unique_ptr<KeyRing>> open(bool create = false) {
    return KeyRing::open(folder / "keys", source, create, clock, random);
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const fs::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary) << content;
  }

  SystemRandom random;
  SimulatedClock clock{WallTime(std::chrono::milliseconds(1'790'000'000'000))};
  fs::path folder;
  MasterKeySource source;
};

TEST_F(KeyRingTest, keeps_keys_over_a_restart) {
  std::string public_key, secret;
  {
    auto ring = open(true);
    ASSERT_TRUE(ring) << ring.error().text();
    public_key = (*ring)->signing("audit-sign", SigningKey::Kind::ed25519)->second.public_raw_ed25519();
    secret = (*ring)->secret("link-seal", 64)->second.reveal();
    EXPECT_EQ(secret.size(), 64u);
  }
  auto ring = open();
  ASSERT_TRUE(ring) << ring.error().text();
  auto [entry, key] = (*ring)->signing("audit-sign", SigningKey::Kind::ed25519).value();
  EXPECT_EQ(key.public_raw_ed25519(), public_key);
  EXPECT_TRUE(verify_ed25519(public_key, "hello", key.sign_ed25519("hello")));
  EXPECT_FALSE(verify_ed25519(public_key, "hallo", key.sign_ed25519("hello")));
  EXPECT_EQ(entry.created, clock.wall());
  auto [sealed, bytes] = (*ring)->secret("link-seal", 64).value();
  EXPECT_EQ(bytes.reveal(), secret);
  EXPECT_EQ(sealed.kind, "siv512");
  EXPECT_EQ((*ring)->secret_by_id(sealed.id)->reveal(), secret);
  EXPECT_EQ((*ring)->list().size(), 2u);
}

TEST_F(KeyRingTest, files_are_for_their_owner_alone_and_hold_no_key_in_the_clear) {
  auto ring = open(true);
  ASSERT_TRUE(ring);
  auto secret = (*ring)->secret("session", 32);
  ASSERT_TRUE(secret);
  for (const char* name : {"keys", "master.key"}) {
    struct stat status{};
    ASSERT_EQ(::stat((folder / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
  EXPECT_EQ(read(folder / "keys").find(base64_encode(secret->second.reveal())), std::string::npos);
}

TEST_F(KeyRingTest, a_master_key_that_others_may_read_is_refused_with_the_remedy) {
  ASSERT_TRUE(open(true));
  ::chmod(source.file.c_str(), 0640);
  auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is("master_key"));
  EXPECT_NE(refused.error().message().find("chmod 600 " + source.file.string()), std::string::npos)
      << refused.error().message();
  ::chmod(source.file.c_str(), 0600);
  EXPECT_TRUE(open());
}

TEST_F(KeyRingTest, any_flipped_byte_of_the_file_is_noticed) {
  ASSERT_TRUE(open(true));
  const std::string whole = read(folder / "keys");
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    write(folder / "keys", changed);
    auto ring = open();
    ASSERT_FALSE(ring) << i;
    EXPECT_TRUE(ring.error().is("key_ring")) << i;
  }
  write(folder / "keys", whole);
  EXPECT_TRUE(open());
}

TEST_F(KeyRingTest, another_master_key_opens_nothing_and_none_is_made_beside_an_old_ring) {
  ASSERT_TRUE(open(true));
  fs::remove(source.file);
  EXPECT_TRUE(open(true).error().is("master_key"));
  EXPECT_FALSE(fs::exists(source.file));
  write(source.file, base64_encode(std::string(32, 'x')));
  ::chmod(source.file.c_str(), 0600);
  EXPECT_TRUE(open(true).error().is("key_ring"));
  write(source.file, "short");
  EXPECT_TRUE(open(true).error().is("master_key"));
}

TEST_F(KeyRingTest, rotation_keeps_the_key_before_and_retires_the_one_before_that) {
  auto ring = open(true).value();
  const auto first = ring->signing("token-sign", SigningKey::Kind::p256)->first.id;
  const auto second = ring->rotate("token-sign")->id;
  auto keys = ring->all_signing("token-sign");
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].first.id, second);
  EXPECT_EQ(keys[1].first.id, first);
  const auto third = ring->rotate("token-sign")->id;
  keys = open().value()->all_signing("token-sign");
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].first.id, third);
  EXPECT_EQ(keys[1].first.id, second);
  EXPECT_TRUE(ring->retire(third).error().is("key_current"));
  EXPECT_TRUE(ring->retire(second));
  EXPECT_EQ(ring->all_signing("token-sign").size(), 1u);
  EXPECT_TRUE(ring->rotate("nothing").error().is("not_found"));
}

TEST_F(KeyRingTest, an_old_secret_still_opens_by_its_id) {
  auto ring = open(true).value();
  const auto old = ring->secret("audit-seal", 32).value();
  ASSERT_TRUE(ring->rotate("audit-seal"));
  ASSERT_TRUE(ring->rotate("audit-seal"));
  EXPECT_NE(ring->secret("audit-seal", 32)->first.id, old.first.id);
  EXPECT_EQ(ring->secret_by_id(old.first.id)->reveal(), old.second.reveal());
  EXPECT_TRUE(ring->secret("audit-seal", 64).error().is("key_ring"));
}

TEST_F(KeyRingTest, a_change_that_cannot_be_written_is_not_made) {
  auto ring = open(true).value();
  const auto before = ring->secret("session", 32)->first.id;
  fs::rename(folder, folder.string() + "-away");
  EXPECT_TRUE(ring->rotate("session").error().is("io"));
  EXPECT_TRUE(ring->secret("other", 32).error().is("io"));
  fs::rename(folder.string() + "-away", folder);
  EXPECT_EQ(ring->secret("session", 32)->first.id, before);
  EXPECT_EQ(ring->list().size(), 1u);
}

TEST_F(KeyRingTest, the_master_key_may_come_from_a_command) {
  source.command = "echo " + base64_encode(std::string(32, 'm'));
  ASSERT_TRUE(open(true));
  EXPECT_TRUE(open());
  source.command = "exit 3";
  EXPECT_NE(open().error().message().find("exit status 3"), std::string::npos);
  source.command = "echo nonsense";
  EXPECT_TRUE(open().error().is("master_key"));
}

TEST(SigningKeys, of_every_kind_survive_pem) {
  for (auto kind :
       {SigningKey::Kind::ed25519, SigningKey::Kind::p256, SigningKey::Kind::p384, SigningKey::Kind::rsa2048}) {
    const SigningKey key = SigningKey::generate(kind);
    auto again = SigningKey::from_pem(key.to_pem());
    ASSERT_TRUE(again) << static_cast<int>(kind);
    EXPECT_EQ(again->kind(), kind);
    EXPECT_EQ(again->to_pem().reveal(), key.to_pem().reveal());
  }
  EXPECT_TRUE(SigningKey::from_pem(Secret<std::string>("-----BEGIN NOTHING-----")).error().is("key_invalid"));
}

TEST(SigningKeys, ed25519_gives_the_signature_of_rfc_8032) {  // section 7.1, test 2
  const std::string public_raw = hex_decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").value();
  const std::string signature = hex_decode(
                                    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e45"
                                    "8f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
                                    .value();
  EXPECT_TRUE(verify_ed25519(public_raw, "r", signature));
  EXPECT_FALSE(verify_ed25519(public_raw, "s", signature));
  EXPECT_FALSE(verify_ed25519(public_raw, "r", signature.substr(1)));
  EXPECT_FALSE(verify_ed25519("", "r", signature));
}

}  // namespace
}  // namespace ward::crypto
