#include "commands/bar.hpp"
#include "commands/commands.hpp"
#include "control/control.hpp"
#include "export/exporter.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ward::app {
namespace {

namespace json = boost::json;

void print_report(const json::object& report) {
  for (const json::value& one : report.at("output").as_array()) {
    const json::object& file = one.as_object();
    fmt::print("{:>9} {}\n", file.at("count").to_number<std::uint64_t>(), string_of(file, "file"));
  }
  if (const json::value* const removed = report.if_contains("removed")) {
    fmt::print("removed:");
    for (const json::key_value_pair& one : removed->as_object())
      if (const auto times = one.value().to_number<std::uint64_t>(); times > 0)
        fmt::print(" {} {}", std::string(one.key().data(), one.key().size()), times);
    fmt::print("\n");
  }
  for (const json::key_value_pair& one : report.at("left_out").as_object())
    fmt::print("left out, {}: {}\n", std::string(one.key().data(), one.key().size()),
               one.value().to_number<std::uint64_t>());
  fmt::print("{} in {:.1f} s\n", string_of(report, "form"), report.at("seconds").to_number<double>());
}

Result<json::object> export_here(const CommonOptions& options, const json::object& members) {
  auto request = ExportRequest::read(members);
  if (!request) return std::unexpected(std::move(request.error()));
  const auto lock = DirectoryLock::take(options.paths());
  if (!lock) return std::unexpected(lock.error());
  Configuration configuration = read_configuration(options.configuration(), {}, options.paths().directory);
  if (!configuration.problems.empty()) return fail("configuration", configuration.problems.front().text());
  auto installation = Installation::open(options.paths(), configuration);
  if (!installation) return std::unexpected(std::move(installation.error()));
  const std::string base = configuration.public_url.empty()
                               ? fmt::format("https://{}:{}", configuration.host, configuration.https.port)
                               : configuration.public_url;
  request->settings.own_bases = {base + configuration.fhir_path};
  Bar bar;
  const WallTime at = (*installation)->clock.wall();
  auto report =
      export_files(**installation, *request, [&](const ExportProgress& now) { bar.show(now.done, now.of, now.unit); });
  (*installation)->log->stop();
  if (!report) return std::unexpected(std::move(report.error()));
  return report->json(*request, at);
}

Result<json::object> export_there(const CommonOptions& options, json::object members) {
  members["command"] = "export";
  Bar bar;
  return ask_server(options.paths().control(), members, [&](const json::object& now) {
    bar.show(now.at("done").to_number<std::uint64_t>(), now.at("of").to_number<std::uint64_t>(),
             std::string(now.at("unit").as_string()));
  });
}

struct Asked {
  std::vector<std::string> types;
  std::string directory, since, patient, text;
  bool deidentify = false, limited = false, pseudonyms = false, zst = false;

  json::object members() const {
    json::array names(types.begin(), types.end());
    return {{"directory", std::filesystem::absolute(directory).string()},
            {"types", std::move(names)},
            {"since", since},
            {"patient", patient.starts_with("Patient/") ? patient.substr(8) : patient},
            {"text", text},
            {"deidentify", deidentify},
            {"limited", limited},
            {"pseudonyms", pseudonyms},
            {"zst", zst}};
  }
};

}  // namespace

void add_export(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("export", "write resources as NDJSON, as they are or de-identified");
  command->footer(
      "Runs with the server or without it. DIR is made new (mode 0700), one file per type (0600), manifest.json last.\n"
      "--deidentify is the Safe Harbor form (45 CFR 164.514(b)(2)), --limited a limited data set (164.514(e)).\n"
      "An interrupted export begins anew in the same DIR.\n\nExamples:\n  ward export out/ --type Patient,Observation\n"
      "  ward export out/ --deidentify --zst");
  auto options = std::make_shared<CommonOptions>();
  auto asked = std::make_shared<Asked>();
  add_common(*command, *options);
  command->add_option("directory", asked->directory, "the folder to make")->required();
  command->add_option("--type", asked->types, "resource types (default: all)")->delimiter(',')->allow_extra_args(false);
  command->add_option("--since", asked->since, "written at this time or later");
  command->add_option("--patient", asked->patient, "what is of one patient, by id");
  command->add_flag("--deidentify", asked->deidentify, "without the 18 identifiers");
  command->add_flag("--limited", asked->limited, "a limited data set: dates moved by days of each patient's own");
  command->add_option("--text", asked->text, "free text of a de-identified export: drop (default) or scan")
      ->check(CLI::IsMember({"drop", "scan"}));
  command->add_flag("--pseudonyms", asked->pseudonyms, "identifiers become pseudonyms instead of going");
  command->add_flag("--zst", asked->zst, "compress with zstd");
  command->callback([=, &status] {
    const auto report = server_runs(options->paths().control()) ? export_there(*options, asked->members())
                                                                : export_here(*options, asked->members());
    if (!report) {
      status = complain(report.error(), options->json);
      return;
    }
    if (options->json)
      print_json(*report);
    else
      print_report(*report);
  });
}

}  // namespace ward::app
