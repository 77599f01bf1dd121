// The eighteen identifiers of the HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i)(A) to (R), and how many of each went.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ward::deidentify {

enum class Identifier : std::uint8_t {
  name,         // (A)
  geography,    // (B) smaller than a state, but for the first three digits of a ZIP code
  date,         // (C) more exact than a year; ages over 89
  phone,        // (D)
  fax,          // (E)
  email,        // (F)
  ssn,          // (G)
  mrn,          // (H)
  health_plan,  // (I)
  account,      // (J)
  licence,      // (K)
  vehicle,      // (L)
  device,       // (M)
  url,          // (N)
  ip,           // (O)
  biometric,    // (P)
  photo,        // (Q)
  other,        // (R) any other unique number, characteristic or code
};
inline constexpr std::size_t identifier_count = 18;

/// Stable name of a class in reports: "name", "geography", "health_plan" ...
std::string_view name(Identifier);
/// What stands for it in a text: "[NAME]", "[PLACE]" ...
std::string_view mark(Identifier);

/// How much was removed or replaced. Beside the eighteen: free text that went as a whole, and elements that R4 does not
/// know.
struct Counts {
  std::array<std::uint64_t, identifier_count> of{};
  std::uint64_t free_text = 0;
  std::uint64_t unknown = 0;

  void add(Identifier what, std::uint64_t times = 1) { of[static_cast<std::size_t>(what)] += times; }
  std::uint64_t operator[](Identifier what) const { return of[static_cast<std::size_t>(what)]; }
  std::uint64_t total() const;
  Counts& operator+=(const Counts& other);
};

}  // namespace ward::deidentify
