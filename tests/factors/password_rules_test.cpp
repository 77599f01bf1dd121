#include "password_rules.hpp"

#include "common_passwords.hpp"
#include "text.hpp"

#include <gtest/gtest.h>
#include <algorithm>
#include <span>

namespace ward::factors {
namespace {

std::string problem(std::string_view typed, PasswordRules rules = {}) {
  const auto prepared = prepare_password(typed);
  if (!prepared) return std::string(prepared.error().code());
  return std::string(password_problem(*prepared, rules).value_or("fine"));
}

const PasswordRules dora{.own_words = {"dora.santos", "Dora", "Santos Muñoz", "St. Mary's Clinic", "Ward"}};

TEST(PasswordRules, length_is_counted_in_characters_as_nist_sp_800_63b_4_says) {
  const PasswordRules alone{.characters_min = password_characters_min_alone};
  EXPECT_EQ(problem("kT9#x2q"), "too_short");
  EXPECT_EQ(problem("kT9#x2qv"), "fine");
  EXPECT_EQ(problem("kT9#x2qvP0!mWs", alone), "too_short");
  EXPECT_EQ(problem("kT9#x2qvP0!mWse", alone), "fine");
  EXPECT_EQ(problem("äöüßéñç"), "too_short") << "seven characters in 14 bytes";
  EXPECT_EQ(problem("äöüßéñçå"), "fine");
  EXPECT_EQ(problem("🐳🦔🌵🍋🚲🎻🧭"), "too_short");
  EXPECT_EQ(problem("🐳🦔🌵🍋🚲🎻🧭🪁"), "fine");
  std::string longest;
  for (int i = 0; i < 32; ++i) longest += static_cast<char>('a' + i * 7 % 26), longest += "q7é";
  EXPECT_EQ(problem(longest), "fine");
  EXPECT_EQ(problem(longest + "x"), "too_long");
  EXPECT_EQ(problem(std::string(1'000'000, 'x')), "too_long");
  EXPECT_EQ(problem(""), "too_short");
}

TEST(PasswordRules, any_character_is_welcome_and_no_composition_is_asked) {
  for (const char* good : {"violet harbour kettle", "wolkenkuckucksheimchen", "пароль-из-пяти-слов", "正確馬電池釘書機",
                           "correct horse battery staple", "   spaces   count   "})
    EXPECT_EQ(problem(good), "fine") << good;
}

TEST(PasswordRules, one_text_has_one_form_however_it_was_typed) {
  const auto form = [](std::string_view typed) { return prepare_password(typed)->reveal(); };
  EXPECT_EQ(form("Cafe\u0301 mu\u0308sli"), "Café müsli") << "composed and decomposed";
  EXPECT_EQ(form("a\u00A0b\u2003c\u3000d"), "a b c d") << "RFC 8265 section 4.2.1";
  EXPECT_EQ(form("ﬁle"), "ﬁle") << "NFC, not NFKC: what looks alike stays different";
  EXPECT_EQ(form("Ångström"), form("A\u030Angstro\u0308m"));
  EXPECT_EQ(form("ＰＡＳＳ"), "ＰＡＳＳ");
  EXPECT_EQ(form(" leading and trailing "), " leading and trailing ");
}

TEST(PasswordRules, what_is_no_text_is_refused) {
  for (const std::string& bad : {std::string("abcdefg\n1"), std::string("abc\0defgh", 9),
                                 std::string("\xFF\xFE"
                                             "abcdefgh"),
                                 std::string("abc\xED\xA0\x80yzuvw"), std::string("abcdefgh\x7F"),
                                 std::string("abcdefgh\u0378"), std::string("abcdefgh\t")})
    EXPECT_EQ(problem(bad), "not_text");
  EXPECT_EQ(password_problem(Secret<std::string>("abcdefgh\n"), {}), "not_text") << "prepared or not";
}

TEST(PasswordRules, runs_and_repetitions_are_simple) {
  for (const char* bad :
       {"aaaaaaaa", "11111111111111111", "        ", "abcdefghij", "ABCDEFGHIJ", "12345678", "987654321", "0123456789",
        "1234567890123", "0987654321", "xyxyxyxyx", "abcabcabcab", "éééééééé", "zyxwvuts"})
    EXPECT_EQ(problem(bad), "simple") << bad;
  for (const char* good : {"aaaaaaab7", "abcdefgx", "xk7xk7xk8", "abcdabcd-wq"})
    EXPECT_EQ(problem(good), "fine") << good;
}

TEST(PasswordRules, leaked_passwords_and_words_are_common_in_any_case) {
  EXPECT_GE(common_password_count, 30'000u);
  EXPECT_TRUE(std::ranges::is_sorted(std::span(common_password_hashes, common_password_count)));
  for (const char* bad : {"password1", "PassWord1", "iloveyou1", "qwertyuiop", "1q2w3e4r5t", "trustno1", "football",
                          "Elephant", "princess", "contraseña", "Contrasen\u0303a", "alquimista", "1qaz2wsx"})
    EXPECT_EQ(problem(bad), "common") << bad;
}

TEST(PasswordRules, own_words_are_no_secret_with_digits_and_punctuation_either) {
  for (const char* bad :
       {"dora.santos", "DoraSantos", "dorasantos1", "Santos2024!", "!!Muñoz!!1", "Mun\u0303oz!!!1", "ward-dora-9",
        "Clinic#2026", "dora dora dora", "St. Mary's Clinic", "santosmuñoz", "..Dora...99"})
    EXPECT_EQ(problem(bad, dora), "own_words") << bad;
  for (const char* good : {"Dora likes plums", "santosx9qv", "dora-48151623", "wardrobe77x", "Clinical#99q"})
    EXPECT_EQ(problem(good, dora), "fine") << good;
  EXPECT_EQ(problem("Santos2024!"), "fine") << "somebody else's name";
  EXPECT_EQ(problem("ab-ab-91", {.own_words = {"ab"}}), "fine") << "too short to be a word";
  EXPECT_EQ(problem("kT9#x2qv", {.own_words = {"", std::string(100'000, 'x'), "\xFF"}}), "fine");
}

TEST(PasswordRules, folding_is_that_of_the_generator) {
  EXPECT_EQ(to_utf8(folded("STRASSE Ñandú Éa").reveal()).reveal(), "strasse ñandú éa");
  EXPECT_EQ(to_utf8(folded("Straße").reveal()).reveal(), "strasse");
}

}  // namespace
}  // namespace ward::factors
