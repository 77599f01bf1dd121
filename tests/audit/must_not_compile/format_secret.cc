// A secret cannot be formatted.
#include "base/guarded.hpp"

std::string shown(const ward::Secret<std::string>& key) {
#ifdef WARD_MUST_NOT_COMPILE
  return fmt::format("{}", key);
#else
  return fmt::format("{}", key.reveal().size());
#endif
}
