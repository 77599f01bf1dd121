// What was cleaned passes when it is checked again, and is not empty.
#include "shield/narrative.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace ward::shield;
  const NarrativeLimits limits{.bytes_max = 16 << 10, .depth_max = 32, .nodes_max = 2000};
  const Narrative narrative = check_narrative({reinterpret_cast<const char*>(data), size}, limits);
  if (const auto* cleaned = std::get_if<NarrativeCleaned>(&narrative)) {
    if (cleaned->xhtml.empty() || cleaned->removed.empty()) std::abort();
    const NarrativeLimits wider{
        .bytes_max = 1 << 20, .depth_max = 64, .nodes_max = 50'000};  // escapes may make it longer
    if (!std::holds_alternative<NarrativePasses>(check_narrative(cleaned->xhtml, wider))) std::abort();
  }
  return 0;
}
