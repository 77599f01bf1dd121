// Sending takes a SendPermit, and only a Receipt (or NoPhi) gives one.
#include "audit/receipt.hpp"

void send(ward::SendPermit);

void answer(ward::audit::Receipt receipt) {
#ifdef WARD_MUST_NOT_COMPILE
  send(ward::SendPermit());
#endif
  send(std::move(receipt).permit());
}
