// PHI cannot be logged.
#include "base/guarded.hpp"
#include "base/log.hpp"

void note(const ward::Phi<std::string>& name) {
#ifdef WARD_MUST_NOT_COMPILE
  ward::log::info("patient", {{"name", name}});
#endif
  ward::log::info("patient", {{"bytes", name.inside().size()}});
}
