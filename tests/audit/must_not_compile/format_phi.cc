// PHI cannot be formatted.
#include "base/guarded.hpp"

std::string shown(const ward::Phi<std::string>& name) {
#ifdef WARD_MUST_NOT_COMPILE
  return fmt::format("{}", name);
#else
  return fmt::format("{}", name.inside().size());
#endif
}
