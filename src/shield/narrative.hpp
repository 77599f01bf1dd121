// FHIR narrative (Narrative.div, R4 2.4.0): what an XHTML fragment may hold, by a real XML parser.
#pragma once

#include "base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ward::shield {

struct NarrativeLimits {
  std::size_t bytes_max = 1 << 20;
  unsigned depth_max = 64;
  unsigned nodes_max = 50'000;
};

/// Every element and attribute is on the allow-list: keep the source bytes.
struct NarrativePasses {};

/// Something had to go. `removed` says what, by kind and name and without content: "element script", "attribute onclick
/// of p", "link target of a", "style of td". At most 50 of them.
struct NarrativeCleaned {
  std::string xhtml;
  std::vector<std::string> removed;
};

/// Not a well-formed <div xmlns="http://www.w3.org/1999/xhtml">, or beyond the limits, or with a DOCTYPE or entities of
/// its own.
struct NarrativeRefused {
  std::string reason;  // without content
  unsigned line = 0;
};

using Narrative = std::variant<NarrativePasses, NarrativeCleaned, NarrativeRefused>;

/// Judges one Narrative.div. Any thread. Reads no file and no network; expands no entity. What is cleaned passes when
/// checked again.
Narrative check_narrative(std::string_view xhtml, const NarrativeLimits& limits = {});

}  // namespace ward::shield
