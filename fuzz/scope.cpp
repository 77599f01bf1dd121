// Scopes come with every token request: whatever is read must print, read back equal, and never widen.
#include "scope/scope.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ward::scope::ScopeSet;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto set = ScopeSet::parse(text);
  if (!set || size > 5000) return 0;  // canonical text may be three times as long, and has its own bound
  const auto again = ScopeSet::parse(set->text());
  if (!again || !(*again == *set)) std::abort();
  if (!(set->narrow(*set).words() == set->words())) std::abort();
  const auto half = ScopeSet::parse(text.substr(0, text.find_last_of(' ') + 1));
  if (half) {
    for (const auto& scope : half->narrow(*set).resources()) {
      if (scope.actions == ward::scope::Actions{}) std::abort();
    }
  }
  return 0;
}
