// Words of notes that are names too.
#pragma once

#include <string_view>

namespace ward::deidentify {

/// `folded` in small letters. A name that is such a word is marked only where it is written as a name.
bool is_common_word(std::string_view folded);

}  // namespace ward::deidentify
