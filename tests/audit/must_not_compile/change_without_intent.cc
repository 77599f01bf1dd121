// Changing takes a ChangePermit, and only an Intent that is on disk gives one.
#include "audit/receipt.hpp"

void change(ward::ChangePermit);

void write(const ward::audit::Intent& intent) {
#ifdef WARD_MUST_NOT_COMPILE
  change(ward::ChangePermit(7));
#endif
  change(intent.permit());
}
