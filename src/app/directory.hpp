// Managing people and clients: the same code with a running server and without.
#pragma once

#include "server.hpp"

#include <boost/json.hpp>

namespace ward::app {

/// {"what": "add" | "list" | "show" | "disable" | "enable", ...}. Each change is recorded with before and after.
Result<boost::json::object> manage_user(identity::Identity& identity, Installation& installation,
                                        const boost::json::object& request);
Result<boost::json::object> manage_client(identity::Identity& identity, Installation& installation,
                                          const boost::json::object& request);

}  // namespace ward::app
