// PHI cannot be put in an error.
#include "base/error.hpp"
#include "base/guarded.hpp"

ward::Result<void> refuse(const ward::Phi<std::string>& name) {
#ifdef WARD_MUST_NOT_COMPILE
  return ward::fail("bad_name", name);
#endif
  return ward::fail("bad_name", name.inside().empty() ? "empty" : "too long");
}
