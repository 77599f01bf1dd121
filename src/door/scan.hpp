// What follows from a verdict of the firewall.
#pragma once

#include "exchange.hpp"

namespace ward::fhir {
struct Reading;
}

namespace ward::door {

/// Notes the rules that matched in the record, and refuses what is to be blocked.
Allowed<void> obey(Exchange& x, const shield::Verdict& verdict);

/// The firewall over the free values of a resource that was read.
Allowed<void> scan_values(Exchange& x, const fhir::Reading& reading);

}  // namespace ward::door
