// An entry of a batch or transaction that writes, as the request that it stands for.
#pragma once

#include "fhir/plan.hpp"

namespace ward::door {

bool is_get(const fhir::BundleRequest& entry);

/// A refusal with the entry that it came from.
Refusal located(Refusal refusal, std::size_t index);

/// The entry's resource as bytes of its own, judged like the body of a request.
Allowed<Content> content_of(Exchange& x, const fhir::BundleRequest& entry);

Allowed<WriteRequest> write_request(const fhir::BundleRequest& entry);

/// What the request is made of; the content must outlive it.
void use(const Content& content, WriteRequest& request);

/// The searches by which entries write; those of GET entries are scanned with their own requests.
Allowed<void> scan_conditions(Exchange& x, const fhir::BundleRequests& requests);

}  // namespace ward::door
