// Finds the eighteen identifiers in free text, and puts a mark where one stood.
#pragma once

#include "identifiers.hpp"
#include "known.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ward::deidentify {

/// Patterns (RE2) and known values. Time grows linearly with the text, whatever is in it. Any thread.
///
/// What it is for: notes that keep their clinical content. Numbers with units, doses, laboratory values, ratios and
/// codes stay. What it cannot do: know a stranger's name that no title, label or relation stands beside. Who needs
/// certainty drops free text.
class Scanner {
 public:
  /// `year`: the present one; who was born 90 years before it or earlier is over 89.
  explicit Scanner(int year);

  /// The text with marks. Each run of one class that is replaced counts once.
  std::string scan(std::string_view text, std::span<const Known* const> known, Counts& counts) const;
  /// Whether `scan` would leave the text as it is.
  bool is_clean(std::string_view text, std::span<const Known* const> known) const;

 private:
  std::vector<Span> find(std::string_view text, std::span<const Known* const> known) const;
  int year_;
};

}  // namespace ward::deidentify
