// Text of a JSON string whose escapes were proven well-formed by the parser.
#pragma once

#include <string>
#include <string_view>

namespace ward::json {

/// Appends the text of `escaped`, the bytes between the quotes.
void append_decoded(std::string& out, std::string_view escaped);

}  // namespace ward::json
