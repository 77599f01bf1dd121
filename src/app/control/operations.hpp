// What a running server does for the commands that ask it.
#pragma once

#include "control/control.hpp"
#include "server.hpp"

namespace ward::app {

/// reload | token | explain | audit-read | import | export | user | client | manage. Each is a record.
Result<boost::json::object> operate(Server& server, const boost::json::object& request, const Progress& progress);

}  // namespace ward::app
