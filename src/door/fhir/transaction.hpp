// transaction (R4 http.html 3.1.0.11.2): planned in the order of processing, written in one commit or not at all.
#pragma once

#include "fhir/backend.hpp"
#include "fhir/bundle.hpp"

namespace ward::door {

boost::asio::awaitable<Allowed<void>> run_transaction(Exchange& x, const fhir::BundleRequests& requests);

}  // namespace ward::door
