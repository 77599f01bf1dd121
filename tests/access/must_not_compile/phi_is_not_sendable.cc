// PHI does not become sendable but through minimise.
#include "access/minimise.hpp"

void send(ward::access::Sendable);

void answer(ward::Phi<ward::Buffer> body, const ward::access::Grant& grant) {
#ifdef WARD_MUST_NOT_COMPILE
  send(std::move(body));
#else
  if (auto sendable = ward::access::minimise(std::move(body), grant, {})) send(std::move(*sendable));
#endif
}
