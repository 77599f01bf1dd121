// The history of types in front of another server.
#pragma once

#include "fhir/backend.hpp"

namespace ward::door {

/// Merges the histories of the resources that `asked.of` shows now, newest first: found by searches under that
/// predicate, read one by one, as a list of all versions could not be asked for by patient. Each version and its
/// current one are put to `asked.sees`. Refusal: 400 search_too_costly for too many resources or versions.
boost::asio::awaitable<Allowed<store::HistoryPage>> recent_by_resource(Backend& backend, Exchange& x,
                                                                       const store::History& asked);

}  // namespace ward::door
