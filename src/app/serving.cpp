#include "serving.hpp"

#include "commands/commands.hpp"
#include "control/control.hpp"
#include "control/operations.hpp"

#include <csignal>

namespace ward::app {
namespace {

/// Signals are taken by one thread alone; all threads made later inherit the mask.
void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, one);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

int serve(ServerOptions options, const std::function<Result<void>(Server&)>& prepare) {
  block_signals();
  auto lock = DirectoryLock::take(options.paths);
  if (!lock) return complain(lock.error());
  Configuration configuration = read_configuration(options.configuration, options.overlays, options.paths.directory);
  const std::filesystem::path socket = options.paths.control();
  auto server = Server::create(std::move(options), std::move(configuration));
  if (!server) return complain(server.error());
  auto control = ControlServer::open(socket, [&](const boost::json::object& request, const Progress& progress) {
    return operate(**server, request, progress);
  });
  if (!control) return complain(control.error());
  if (auto prepared = prepare(**server); !prepared) return complain(prepared.error());
  (*server)->start();
  (*server)->run_until_signal();
  control->reset();
  return 0;
}

}  // namespace ward::app
