// The way for bodies without PHI is shut for those with.
#include "access/minimise.hpp"

ward::access::Sendable answer(ward::Phi<ward::Buffer> body, ward::Buffer outcome) {
#ifdef WARD_MUST_NOT_COMPILE
  outcome = std::move(body);
#endif
  (void)body;
  return ward::access::Sendable::without_phi(std::move(outcome));
}
