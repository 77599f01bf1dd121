// Nobody but access makes a Sendable of bytes; the named way says what it promises.
#include "access/minimise.hpp"

ward::access::Sendable answer(ward::Buffer outcome) {
#ifdef WARD_MUST_NOT_COMPILE
  return ward::access::Sendable(std::move(outcome));
#else
  return ward::access::Sendable::without_phi(std::move(outcome));
#endif
}
