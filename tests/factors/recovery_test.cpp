#include "recovery.hpp"

#include "base/encoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

namespace ward::factors {
namespace {

std::vector<std::string> hashes_of(const std::vector<Secret<std::string>>& codes) {
  std::vector<std::string> hashes;
  for (const auto& code : codes) hashes.push_back(hash_recovery_code(code));
  return hashes;
}

TEST(RecoveryCodes, are_ten_of_80_bits_in_an_alphabet_without_look_alikes) {
  SystemRandom random;
  const auto codes = new_recovery_codes(random);
  ASSERT_EQ(codes.size(), 10u);
  std::set<std::string> seen;
  for (const auto& code : codes) {
    EXPECT_THAT(code.reveal(), testing::MatchesRegex("[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}"));
    EXPECT_EQ(code.reveal().find_first_of("ilou"), std::string::npos);
    EXPECT_TRUE(seen.insert(code.reveal()).second);
  }
}

TEST(RecoveryCodes, are_found_however_they_are_typed) {
  SeededRandom random(1);
  const auto codes = new_recovery_codes(random);
  const auto hashes = hashes_of(codes);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    std::string text = codes[i].reveal();
    EXPECT_EQ(find_recovery_code(hashes, text), i);
    for (char& c : text) {
      if (c == '-') c = ' ';
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      if (c == '0') c = i % 2 == 0 ? 'O' : 'o';
      if (c == '1') c = i % 2 == 0 ? 'I' : 'l';
    }
    EXPECT_EQ(find_recovery_code(hashes, " " + text + " "), i) << text;
  }
}

TEST(RecoveryCodes, other_texts_are_no_codes) {
  SeededRandom random(2);
  const auto codes = new_recovery_codes(random);
  auto hashes = hashes_of(codes);
  for (const char* wrong : {"", "-", "0000-0000-0000-000", "0000-0000-0000-00000", "uuuu-uuuu-uuuu-uuuu",
                            "0000_0000_0000_0000", "0000-0000-0000-0000"})
    EXPECT_EQ(find_recovery_code(hashes, wrong), std::nullopt) << wrong;
  EXPECT_EQ(find_recovery_code(hashes, std::string(10'000, '-') + codes[0].reveal()), std::nullopt);
  hashes[3].clear();  // a used code may be kept as an empty place
  EXPECT_EQ(find_recovery_code(hashes, codes[3].reveal()), std::nullopt);
  EXPECT_EQ(find_recovery_code(hashes, ""), std::nullopt) << "an empty place is no code";
  EXPECT_EQ(find_recovery_code({}, codes[0].reveal()), std::nullopt);
}

TEST(RecoveryCodes, the_hash_is_of_the_normal_form) {
  EXPECT_EQ(normalise_recovery_code("O1IL-abcd efgh-0000")->reveal(), "0111abcdefgh0000");
  EXPECT_EQ(hash_recovery_code(Secret<std::string>("O1IL-abcd-efgh-0000")),
            hash_recovery_code(Secret<std::string>("0111abcdefgh0000")));
  EXPECT_EQ(hash_recovery_code(Secret<std::string>("0111abcdefgh0000")).size(), 64u);
  EXPECT_EQ(hash_recovery_code(Secret<std::string>("short")), "");
}

}  // namespace
}  // namespace ward::factors
