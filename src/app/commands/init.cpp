#include "commands/commands.hpp"

#include "base/encoding.hpp"
#include "base/random.hpp"
#include "crypto/certificate.hpp"
#include "templates.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ward::app {
namespace {

Result<void> init(const Paths& paths) {
  const auto lock = DirectoryLock::take(paths);
  if (!lock) return std::unexpected(lock.error());
  if (std::filesystem::exists(paths.configuration()))
    return fail("exists", fmt::format("{} is there already; nothing was changed", paths.configuration().string()));
  SystemRandom random;
  if (!std::filesystem::exists(paths.master_key()))
    if (auto made = write_file(paths.master_key(), base64_encode(random.bytes(32)) + "\n"); !made) return made;
  std::error_code error;
  std::filesystem::create_directories(paths.directory / "tls", error);
  return write_file(paths.configuration(), init_template());
}

}  // namespace

void add_init(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("init", "write a commented ward.toml and a data directory with fresh keys");
  command->footer("Example:\n  ward init --data /var/lib/ward");
  auto options = std::make_shared<CommonOptions>();
  add_common(*command, *options, false);
  command->callback([=, &status] {
    const Paths paths = options->paths();
    if (const auto done = init(paths); !done) {
      status = complain(done.error(), options->json);
      return;
    }
    fmt::print(
        "wrote {}\n"
        "next:  1. put the server's certificate and key into {}\n"
        "       2. keep a copy of {} apart from the backups: without it nothing opens\n"
        "       3. ward check --data {}\n"
        "       4. ward serve --data {}\n",
        paths.configuration().string(), (paths.directory / "tls").string(), paths.master_key().string(), options->data,
        options->data);
  });
}

}  // namespace ward::app
