// A secret cannot be logged.
#include "base/guarded.hpp"
#include "base/log.hpp"

void note(const ward::Secret<std::string>& key) {
#ifdef WARD_MUST_NOT_COMPILE
  ward::log::info("key", {{"value", key}});
#endif
  ward::log::info("key", {{"bytes", key.reveal().size()}});
}
