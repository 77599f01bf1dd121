// Changes as another FHIR server is asked for them.
#pragma once

#include "exchange.hpp"
#include "net/client.hpp"
#include "store/store.hpp"

#include <span>

namespace ward::door {

/// One change, with the version that it was decided on as a precondition. Takes the body out of it.
net::ClientRequest change_request(const Exchange& x, store::Change& change);

/// Several, as a Bundle of type transaction, in their order. What is created gets its id from the server, so that the
/// others refer to it by a urn:uuid. Takes the bodies out of them.
net::ClientRequest transaction_request(const Exchange& x, std::span<store::Change> changes);

}  // namespace ward::door
