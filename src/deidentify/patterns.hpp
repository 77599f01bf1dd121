// The patterns of the scanner, one line each.
#pragma once

#include "identifiers.hpp"

#include <span>
#include <string_view>

namespace ward::deidentify {

/// What a pattern needs beyond its match to be believed.
struct Match {
  std::string_view text;  // all of it
  std::size_t begin, end;
  int year;  // the present one
  std::string_view matched() const { return text.substr(begin, end - begin); }
};

struct Pattern {
  Identifier what;
  std::string_view as;     // empty: the mark of its class
  const char* expression;  // RE2. Its first group goes, or all of the match
  bool (*accept)(const Match&) = nullptr;
  bool needs_digit = true;  // cannot match in a text without one
};

std::span<const Pattern> patterns();

}  // namespace ward::deidentify
