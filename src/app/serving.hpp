// Running a server to its end: lock, open, answer commands, serve, stop.
#pragma once

#include "server.hpp"

#include <functional>

namespace ward::app {

/// Runs until SIGTERM or SIGINT. `prepare` runs once everything is open and bound, before the first request. Gives the
/// exit status; errors are printed.
int serve(ServerOptions options, const std::function<Result<void>(Server&)>& prepare);

}  // namespace ward::app
