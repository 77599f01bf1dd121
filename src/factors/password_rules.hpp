// What a password must be (NIST SP 800-63B-4 section 3.1.1.2): long enough, and not what others try first. No rules of
// composition, no expiry.
#pragma once

#include "base/error.hpp"
#include "base/guarded.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ward::factors {

constexpr std::size_t password_characters_min = 8;         // beside a second factor
constexpr std::size_t password_characters_min_alone = 15;  // as the only one
constexpr std::size_t password_characters_max = 128;

struct PasswordRules {
  std::size_t characters_min = password_characters_min;
  /// Username, names, the name of the service: each as a whole and by its parts ("maria.garcia" is "maria" and
  /// "garcia" too). Words of less than three characters do not count.
  std::vector<std::string> own_words;
};

/// The form that is hashed, at enrolment and at sign-in alike: NFC, with every kind of blank as a space (RFC 8265
/// section 4.2). Error "not_text": not UTF-8, control characters, or code points without a character; "too_long": far
/// more than `password_characters_max`.
Result<Secret<std::string>> prepare_password(std::string_view text);

/// What is wrong with a prepared password, as a key for the page's words, or nothing:
///   "not_text"               as prepare_password would say
///   "too_short", "too_long"  characters are code points
///   "simple"                 one character, a run ("abcdefgh", "98765432"), or up to three characters over and over
///   "common"                 on the blocklist, whatever its case: leaked passwords, English and Spanish words
///   "own_words"              own words with digits and punctuation between and around them, and nothing else; fine
///                            again if those alone would be long enough
std::optional<std::string_view> password_problem(const Secret<std::string>& password, const PasswordRules& rules);

}  // namespace ward::factors
