// DIR/control.sock: how commands talk to a running server. One request, one JSON line; then lines of answer.
#pragma once

#include "base/error.hpp"

#include <boost/json.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace ward::app {

/// Sends one line of progress to the command that waits.
using Progress = std::function<void(const boost::json::object& line)>;
/// Answers one request. Runs on a thread of the control socket.
using ControlHandler =
    std::function<Result<boost::json::object>(const boost::json::object& request, const Progress& progress)>;

/// The server's side. The socket has mode 0600, and a peer that is neither root nor the server's own user is refused.
class ControlServer {
 public:
  static Result<std::unique_ptr<ControlServer>> open(const std::filesystem::path& socket, ControlHandler handler);
  virtual ~ControlServer() = default;
};

/// The command's side. Error "not_running" if no server listens there; else the server's own error.
Result<boost::json::object> ask_server(const std::filesystem::path& socket, const boost::json::object& request,
                                       const Progress& progress = nullptr);

/// Whether a server listens there.
bool server_runs(const std::filesystem::path& socket);

}  // namespace ward::app
