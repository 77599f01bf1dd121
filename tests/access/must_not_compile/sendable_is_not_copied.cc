// One answer is sent once.
#include "access/minimise.hpp"

ward::access::Sendable answer(ward::access::Sendable body) {
#ifdef WARD_MUST_NOT_COMPILE
  ward::access::Sendable other = body;
#endif
  return body;
}
