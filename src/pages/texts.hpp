// The texts of one language.
#pragma once

#include "pages.hpp"

#include <functional>

namespace ward::pages {

using Texts = std::map<std::string, std::string, std::less<>>;

/// All texts of a language, read from the embedded file once.
const Texts& texts(Language);

/// `text` with each `{name}` replaced by what `value` gives for it; a name without a value stays away.
std::string fill(std::string_view text, const std::function<std::string(std::string_view)>& value);

}  // namespace ward::pages
