#include "password_rules.hpp"

#include "base/encoding.hpp"
#include "common_passwords.hpp"
#include "crypto/hash.hpp"
#include "text.hpp"

#include <algorithm>
#include <span>

namespace ward::factors {
namespace {

// 18 bytes make the longest sequence that NFC turns into one character.
constexpr std::size_t typed_bytes_max = password_characters_max * 18;
constexpr std::size_t own_word_characters_min = 3;
constexpr std::size_t own_word_bytes_max = 256;
constexpr std::size_t own_words_max = 64;
constexpr std::size_t period_max = 3;

bool is_periodic(const std::u32string& text, std::size_t period) {
  for (std::size_t i = period; i < text.size(); ++i)
    if (text[i] != text[i - period]) return false;
  return true;
}

// Each character the next of the one before; behind 9 comes 0, as on a keyboard.
bool is_run(const std::u32string& text, int direction) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto from = static_cast<std::int32_t>(text[i - 1]), to = static_cast<std::int32_t>(text[i]);
    const bool around = direction > 0 ? from == '9' && to == '0' : from == '0' && to == '9';
    if (to - from != direction && !around) return false;
  }
  return true;
}

bool is_simple(const std::u32string& text) {
  for (std::size_t period = 1; period <= period_max; ++period)
    if (is_periodic(text, period)) return true;
  return is_run(text, 1) || is_run(text, -1);
}

bool is_common(const std::u32string& text) {
  const auto bytes = to_utf8(text);
  const auto digest = crypto::sha256(bytes.reveal());
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < 8; ++i) hash = hash << 8 | digest[i];
  return std::ranges::binary_search(std::span(common_password_hashes, common_password_count), hash);
}

void add_word(std::vector<std::u32string>& words, std::u32string word) {
  if (word.size() >= own_word_characters_min && words.size() < own_words_max) words.push_back(std::move(word));
}

// Each word, and its parts between what is no letter.
std::vector<std::u32string> words_of(const std::vector<std::string>& own_words) {
  std::vector<std::u32string> words;
  for (const std::string& one : own_words) {
    if (one.size() > own_word_bytes_max || !is_utf8(one)) continue;
    const auto word = folded(one);
    std::u32string part;
    for (const char32_t c : word.reveal()) {
      if (is_letter(c)) {
        part.push_back(c);
        continue;
      }
      add_word(words, std::exchange(part, {}));
    }
    if (part.size() != word.reveal().size()) add_word(words, std::move(part));
    add_word(words, word.reveal());
  }
  return words;
}

// The fewest characters beside own words with which the text can be made of them, or nothing if it cannot.
std::optional<std::size_t> left_beside(const std::u32string& text, const std::vector<std::u32string>& words) {
  constexpr std::size_t impossible = static_cast<std::size_t>(-1);
  std::vector<std::size_t> fewest(text.size() + 1, impossible);
  fewest[0] = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (fewest[at] == impossible) continue;
    if (!is_letter(text[at])) fewest[at + 1] = std::min(fewest[at + 1], fewest[at] + 1);
    for (const std::u32string& word : words)
      if (text.compare(at, word.size(), word) == 0)
        fewest[at + word.size()] = std::min(fewest[at + word.size()], fewest[at]);
  }
  if (fewest.back() == impossible) return std::nullopt;
  return fewest.back();
}

bool is_own_words(const std::u32string& text, const PasswordRules& rules) {
  const auto left = left_beside(text, words_of(rules.own_words));
  return left && *left < std::min(text.size(), rules.characters_min);
}

}  // namespace

Result<Secret<std::string>> prepare_password(std::string_view text) {
  if (text.size() > typed_bytes_max) return fail("too_long", "a password has at most 128 characters");
  auto prepared = opaque_string(text);
  if (!prepared) return fail("not_text", "a password must be text, without control characters");
  return std::move(*prepared);
}

std::optional<std::string_view> password_problem(const Secret<std::string>& password, const PasswordRules& rules) {
  const std::string& text = password.reveal();
  if (text.size() > typed_bytes_max) return "too_long";
  const auto prepared = opaque_string(text);
  if (!prepared) return "not_text";
  const std::size_t characters = count_characters(prepared->reveal());
  if (characters < rules.characters_min) return "too_short";
  if (characters > password_characters_max) return "too_long";
  const auto compared = folded(prepared->reveal());
  if (is_simple(compared.reveal())) return "simple";
  if (is_common(compared.reveal())) return "common";
  if (is_own_words(compared.reveal(), rules)) return "own_words";
  return std::nullopt;
}

}  // namespace ward::factors
