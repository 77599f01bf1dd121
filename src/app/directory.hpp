// Managing people, clients, sessions and keys for the command line.
#pragma once

#include "server.hpp"

#include <boost/json.hpp>

namespace ward::app {

/// {"what": "add" | "list" | "show" | "disable" | "enable", ...}. Each change is recorded with before and after.
Result<boost::json::object> manage_user(Server& server, const boost::json::object& request);
Result<boost::json::object> manage_client(Server& server, const boost::json::object& request);
/// {"operation": an id of /api/v1's operations, "id": of whom, "body": {...}}; a list comes whole, as {"items": []}.
Result<boost::json::object> manage_any(Server& server, const boost::json::object& request);

}  // namespace ward::app
