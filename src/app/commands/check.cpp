#include "commands/commands.hpp"
#include "configuration.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ward::app {
namespace {

namespace json = boost::json;

void print_found(const Configuration& configuration) {
  for (const config::Problem& problem : configuration.problems) fmt::print("{}\n", problem.text());
  if (!configuration.problems.empty()) {
    fmt::print("{} problem{}; nothing would start\n", configuration.problems.size(),
               configuration.problems.size() == 1 ? "" : "s");
    return;
  }
  for (const access::Note& note : configuration.policy->notes()) fmt::print("note   {}: {}\n", note.where, note.text);
  fmt::print("\nwhat odd tokens get:\n");
  for (const access::Shape& shape : access::token_shapes(configuration.policy))
    fmt::print("  {:70} {}\n", shape.shape, shape.result);
  fmt::print("\nroutes:\n  {:12} {}\n", "oauth", "/oauth, /.well-known (public)");
  if (configuration.fhir_on) fmt::print("  {:12} {} (embedded store)\n", "fhir", configuration.fhir_path);
  for (const RouteSettings& route : configuration.routes)
    fmt::print("  {:12} {} -> {}{}\n", route.route.name, route.route.path_template(),
               route.upstream ? fmt::format("{}", fmt::join(route.upstream->addresses, ", ")) : "-",
               route.route.kind == door::RouteKind::fhir ? " (FHIR)" : "");
  fmt::print("good\n");
}

json::object as_json(const Configuration& configuration) {
  json::array problems, notes, shapes;
  for (const config::Problem& problem : configuration.problems)
    problems.push_back(json::object{{"file", problem.file}, {"line", problem.line}, {"message", problem.message}});
  if (configuration.policy != nullptr) {
    for (const access::Note& note : configuration.policy->notes())
      notes.push_back(json::object{{"where", note.where}, {"text", note.text}});
    for (const access::Shape& shape : access::token_shapes(configuration.policy))
      shapes.push_back(json::object{{"shape", shape.shape}, {"result", shape.result}, {"finding", shape.finding}});
  }
  return {{"good", configuration.problems.empty()},
          {"problems", std::move(problems)},
          {"notes", std::move(notes)},
          {"token_shapes", std::move(shapes)}};
}

/// What only opening shows: rules of the firewall that do not load.
void try_firewall(Configuration& configuration) {
  if (!configuration.problems.empty() || configuration.firewall.mode == shield::FirewallMode::off) return;
  const auto firewall = shield::Firewall::open(configuration.firewall);
  if (!firewall)
    configuration.problems.push_back(
        {configuration.file.filename().string(), 0, "firewall: " + firewall.error().text()});
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("check", "say what is wrong with a configuration, by line, and what odd tokens would get");
  command->footer("Example:\n  ward check --config /etc/ward/ward.toml");
  auto options = std::make_shared<CommonOptions>();
  add_common(*command, *options);
  command->callback([=, &status] {
    Configuration configuration = read_configuration(options->configuration(), {}, options->paths().directory);
    try_firewall(configuration);
    if (options->json)
      print_json(as_json(configuration));
    else
      print_found(configuration);
    status = configuration.problems.empty() ? 0 : 1;
  });
}

}  // namespace ward::app
