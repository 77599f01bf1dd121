#include "commands/commands.hpp"
#include "demo/prepare.hpp"
#include "serving.hpp"

#include <CLI/CLI.hpp>

namespace ward::app {

void add_demo(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("demo", "start a demo clinic on loopback: own CA, people, apps, 60 synthetic patients");
  command->footer("Example:\n  ward demo\n  ward demo --data /tmp/clinic --port 0");
  auto options = std::make_shared<demo::DemoOptions>();
  command->add_option("--data", options->data, "the data directory")->capture_default_str();
  command->add_option("--port", options->port, "of https; 0 takes a free one")->capture_default_str();
  command->add_option("--http-port", options->http_port, "of the redirects")->capture_default_str();
  command->add_option("--admin-port", options->admin_port, "of metrics and health")->capture_default_str();
  command->add_option("--mtls-port", options->mtls_port,
                      "of clients with certificates; without it 8444, or a free one if --port is 0");
  command->add_option("--extra", options->extra, "a piece of configuration laid over the demo's");
  command->add_option("--app-url", options->app_url,
                      "of examples/smart-app, where somebody serves it: the tour shows a link to it");
  command->callback([options, &status] {
    const Paths paths{std::filesystem::absolute(options->data)};
    auto files = demo::prepare_files(paths, *options);
    if (!files) {
      status = complain(files.error());
      return;
    }
    status =
        serve({.paths = paths, .configuration = paths.configuration(), .overlays = std::move(*files), .demo = true},
              [&](Server& server) { return demo::prepare_clinic(server, *options); });
  });
}

}  // namespace ward::app
