#include "totp.hpp"

#include <gtest/gtest.h>
#include <set>

namespace ward::factors {
namespace {

using namespace std::chrono_literals;

const Secret<std::string> rfc_secret(std::string("12345678901234567890"));

WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

// The appendix has eight digits; ours are its last six.
TEST(Totp, codes_are_those_of_rfc_6238_appendix_b) {
  const std::pair<std::int64_t, const char*> vectors[] = {
      {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
      {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
  };
  for (const auto& [seconds, code] : vectors) {
    EXPECT_EQ(totp_code(rfc_secret, totp_step_at(at(seconds))), code) << seconds;
    EXPECT_EQ(totp_step(rfc_secret, code, at(seconds), 0), seconds / 30) << seconds;
  }
}

TEST(Totp, codes_are_those_of_rfc_4226_appendix_d) {
  const char* const codes[] = {"755224", "287082", "359152", "969429", "338314",
                               "254676", "287922", "162583", "399871", "520489"};
  for (std::int64_t counter = 0; counter < 10; ++counter) EXPECT_EQ(totp_code(rfc_secret, counter), codes[counter]);
}

TEST(Totp, a_code_is_right_one_step_early_or_late_and_no_further) {
  const std::int64_t step = 40'000'000;
  const std::string code = totp_code(rfc_secret, step);
  for (const std::int64_t offset : {-2, -1, 0, 1, 2}) {
    const auto found = totp_step(rfc_secret, code, at((step + offset) * 30 + 15), 0);
    if (offset >= -1 && offset <= 1)
      EXPECT_EQ(found, step) << offset;
    else
      EXPECT_EQ(found, std::nullopt) << offset;
  }
}

TEST(Totp, a_step_is_used_once) {
  const std::int64_t step = 40'000'000;
  const WallTime now = at(step * 30);
  EXPECT_EQ(totp_step(rfc_secret, totp_code(rfc_secret, step), now, step - 1), step);
  EXPECT_EQ(totp_step(rfc_secret, totp_code(rfc_secret, step), now, step), std::nullopt);
  EXPECT_EQ(totp_step(rfc_secret, totp_code(rfc_secret, step - 1), now, step), std::nullopt) << "nor an older one";
  EXPECT_EQ(totp_step(rfc_secret, totp_code(rfc_secret, step + 1), now, step), step + 1);
}

TEST(Totp, blanks_do_not_count_and_other_forms_are_wrong) {
  const WallTime now = at(59);
  EXPECT_EQ(totp_step(rfc_secret, " 287 082 ", now, 0), 1);
  for (const char* wrong : {"", "28708", "2870820", "287O82", "-87082", "+287082", "２８７０８２", "287083",
                            "287082                                    "})
    EXPECT_EQ(totp_step(rfc_secret, wrong, now, 0), std::nullopt) << wrong;
  EXPECT_EQ(totp_step(Secret<std::string>(), totp_code(Secret<std::string>(), 1), now, 0), std::nullopt)
      << "no secret, no factor";
}

TEST(Totp, a_new_secret_has_160_bits_of_its_own) {
  SystemRandom random;
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const auto secret = new_totp_secret(random);
    EXPECT_EQ(secret.reveal().size(), 20u);
    EXPECT_TRUE(seen.insert(secret.reveal()).second);
  }
}

TEST(Totp, the_key_uri_is_what_authenticator_apps_read) {
  EXPECT_EQ(otpauth_uri("St. Mary & Co", "dora@clinic", rfc_secret).reveal(),
            "otpauth://totp/St.%20Mary%20%26%20Co:dora%40clinic?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
            "&issuer=St.%20Mary%20%26%20Co&algorithm=SHA1&digits=6&period=30");
}

TEST(Base32, has_the_vectors_of_rfc_4648_section_10) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "MY======"},
      {"fo", "MZXQ===="},
      {"foo", "MZXW6==="},
      {"foob", "MZXW6YQ="},
      {"fooba", "MZXW6YTB"},
      {"foobar", "MZXW6YTBOI======"},
  };
  for (const auto& [bytes, text] : vectors) {
    const std::string padded = text;
    const std::string bare = padded.substr(0, padded.find('='));
    EXPECT_EQ(base32_encode(bytes), bare);
    EXPECT_EQ(base32_decode(bare), bytes);
    EXPECT_EQ(base32_decode(padded), bytes);
  }
}

TEST(Base32, is_read_as_people_type_it_and_else_strictly) {
  EXPECT_EQ(base32_decode("mzxw 6ytb-oi"), "foobar");
  for (const char* wrong : {"M", "MZX", "MZXW6Y", "MZ", "MY=", "MY=======", "M=Y=====", "MZXW6YT1", "MZXW6YT0", "MY\n",
                            "=", "========", "MZXW6YTB========"})
    EXPECT_EQ(base32_decode(wrong), std::nullopt) << wrong;
}

TEST(Base32, every_length_comes_back) {
  SeededRandom random(7);
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string bytes = random.bytes(length);
    EXPECT_EQ(base32_decode(base32_encode(bytes)), bytes) << length;
  }
}

}  // namespace
}  // namespace ward::factors
