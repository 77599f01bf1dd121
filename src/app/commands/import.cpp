#include "commands/bar.hpp"
#include "commands/commands.hpp"
#include "control/control.hpp"
#include "import/importer.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ward::app {
namespace {

namespace json = boost::json;

void print_list(const json::object& report, const char* name, const char* title, std::size_t most) {
  const json::array& lines = report.at(name).as_array();
  if (lines.empty()) return;
  fmt::print("{} ({}):\n", title, lines.size());
  for (std::size_t i = 0; i < lines.size() && i < most; ++i) fmt::print("  {}\n", std::string(lines[i].as_string()));
  if (lines.size() > most) fmt::print("  ... and {} more (--json lists them)\n", lines.size() - most);
}

void print_report(const json::object& report) {
  fmt::print("created {}, updated {}, unchanged {}, refused {} in {:.1f} s\n",
             report.at("created").to_number<std::uint64_t>(), report.at("updated").to_number<std::uint64_t>(),
             report.at("unchanged").to_number<std::uint64_t>(), report.at("refused").to_number<std::uint64_t>(),
             report.at("seconds").to_number<double>());
  print_list(report, "refusals", "refused", 50);
  print_list(report, "new_versions", "met again with other content, now a new version", 20);
  print_list(report, "cleaned", "narratives cleaned", 20);
  print_list(report, "dangling", "references to what is not there", 20);
}

Result<json::object> import_here(const CommonOptions& options, const ImportRequest& request) {
  const auto lock = DirectoryLock::take(options.paths());
  if (!lock) return std::unexpected(lock.error());
  Configuration configuration = read_configuration(options.configuration(), {}, options.paths().directory);
  if (!configuration.problems.empty()) return fail("configuration", configuration.problems.front().text());
  auto installation = Installation::open(options.paths(), configuration);
  if (!installation) return std::unexpected(std::move(installation.error()));
  Bar bar;
  ImportRequest full = request;
  const std::string base = configuration.public_url.empty()
                               ? fmt::format("https://{}:{}", configuration.host, configuration.https.port)
                               : configuration.public_url;
  full.own_bases = {base + configuration.fhir_path};
  auto report =
      import_files(**installation, full, [&](const ImportProgress& now) { bar.show(now.done, now.of, now.unit); });
  (*installation)->log->stop();
  if (!report) return std::unexpected(std::move(report.error()));
  return report->json();
}

Result<json::object> import_there(const CommonOptions& options, const ImportRequest& request) {
  json::array files;
  for (const auto& file : request.files) files.push_back(json::value(std::filesystem::absolute(file).string()));
  Bar bar;
  return ask_server(options.paths().control(), {{"command", "import"}, {"files", std::move(files)}},
                    [&](const json::object& now) {
                      bar.show(now.at("done").to_number<std::uint64_t>(), now.at("of").to_number<std::uint64_t>(),
                               std::string(now.at("unit").as_string()));
                    });
}

}  // namespace

void add_import(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("import", "take in FHIR bundles and NDJSON (also .gz), whatever order they are in");
  command->footer(
      "Runs with the server or without it. What is stored already is passed over, so an interrupted import is resumed "
      "by running it again.\n"
      "Exit status 1 if something was refused.\n\nExamples:\n  ward import patients.ndjson.gz\n  ward import exports/ "
      "--json > report.json");
  auto options = std::make_shared<CommonOptions>();
  auto files = std::make_shared<std::vector<std::string>>();
  add_common(*command, *options);
  command->add_option("files", *files, "files, or folders of them")->required();
  command->callback([=, &status] {
    ImportRequest request;
    request.files.assign(files->begin(), files->end());
    const auto report =
        server_runs(options->paths().control()) ? import_there(*options, request) : import_here(*options, request);
    if (!report) {
      status = complain(report.error(), options->json);
      return;
    }
    if (options->json)
      print_json(*report);
    else
      print_report(*report);
    status = report->at("refused").to_number<std::uint64_t>() > 0 ? 1 : 0;
  });
}

}  // namespace ward::app
