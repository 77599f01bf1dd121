// The binary: subcommands, each in a file of its own.
#include "commands/commands.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <CLI/CLI.hpp>
#include <csignal>

namespace {

/// Memory holds PHI and keys, so no core dump may; files are for their owner alone.
void protect_process() {
  ::umask(0077);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace ward::app;
  protect_process();
  CLI::App app{
      "Ward: one door for health data. Puts a HIPAA-grade door in front of a FHIR server or any API with PHI, or "
      "serves FHIR itself."};
  app.require_subcommand(1);
  app.set_version_flag("--version", "ward 0.1.0");
  app.footer("Start with:  ward demo\nEach command explains itself:  ward COMMAND --help");
  int status = 0;
  for (const auto add : {add_serve, add_demo, add_init, add_check, add_reload, add_token, add_explain, add_audit,
                         add_access, add_import, add_export, add_user, add_client, add_session, add_key})
    add(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return status;
}
