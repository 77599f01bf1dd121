// What follows from a verdict of the firewall.
#pragma once

#include "exchange.hpp"

namespace ward::door {

/// Notes the rules that matched in the record, and refuses what is to be blocked.
Allowed<void> obey(Exchange& x, const shield::Verdict& verdict);

}  // namespace ward::door
