// A permit is used up by one answer: it cannot be copied.
#include "audit/receipt.hpp"

void send(ward::SendPermit);

void answer(ward::audit::Receipt receipt) {
  ward::SendPermit permit = std::move(receipt).permit();
#ifdef WARD_MUST_NOT_COMPILE
  send(permit);
#endif
  send(std::move(permit));
}
