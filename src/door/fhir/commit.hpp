// Planned changes become true: INTENT durable, written, OUTCOME durable.
#pragma once

#include "fhir/plan.hpp"

namespace ward::door {

/// Writes the changes of the plans, all or none. Fills version and time of each plan. The OUTCOME is the record of the
/// exchange's answer (finish.cpp), unless `own_outcome`: then it is written here (an entry of a batch).
boost::asio::awaitable<Allowed<void>> commit(Exchange& x, std::vector<Plan>& plans, bool own_outcome);

}  // namespace ward::door
