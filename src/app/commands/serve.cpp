#include "commands/commands.hpp"
#include "serving.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ward::app {

void add_serve(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("serve", "run the server");
  command->footer("Example:\n  ward serve --data /var/lib/ward");
  auto options = std::make_shared<CommonOptions>();
  add_common(*command, *options);
  command->callback([options, &status] {
    status = serve({.paths = options->paths(), .configuration = options->configuration()}, [](Server& server) {
      fmt::print("ward serves {} (FHIR at {})\n", server.base(), server.fhir_base());
      return Result<void>{};
    });
  });
}

void add_reload(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("reload", "apply a changed configuration to the running server; a bad one changes nothing");
  auto options = std::make_shared<CommonOptions>();
  add_common(*command, *options, false);
  command->callback([options, &status] {
    status = ask(*options, {{"command", "reload"}}, [](const boost::json::object& answer) {
      fmt::print("{}\n", std::string(answer.at("message").as_string()));
    });
  });
}

}  // namespace ward::app
