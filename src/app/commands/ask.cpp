// Commands that only ask the running server: token, explain.
#include "commands/commands.hpp"
#include "control/control.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ward::app {
namespace {

namespace json = boost::json;

struct Who {
  std::string user, client, scope, purpose;
};

void add_who(CLI::App& command, Who& who) {
  auto* user = command.add_option("--user", who.user, "a person's name");
  command.add_option("--client", who.client, "a client's id")->excludes(user);
  command.add_option("--scope", who.scope, "SMART scopes (default: all that it may have)");
  command.add_option("--purpose", who.purpose, "purpose of use, as in TREAT");
}

void print_steps(const json::object& answer) {
  for (const json::value& value : answer.at("steps").as_array()) {
    const json::object& step = value.as_object();
    fmt::print("{} {:13} {}{}\n", step.at("passed").as_bool() ? "  ok" : "STOP", string_of(step, "stage"),
               string_of(step, "detail"),
               string_of(step, "where").empty() ? "" : "   [" + string_of(step, "where") + "]");
  }
}

}  // namespace

void add_token(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("token", "print an access token for a person or client (needs [control] tokens = true)");
  command->footer(
      "Examples:\n  ward token --user dr.adams\n  curl -H \"Authorization: Bearer $(ward token --user dr.adams)\" "
      "...\n  ward token --client backend --scope system/Patient.rs");
  auto options = std::make_shared<CommonOptions>();
  auto who = std::make_shared<Who>();
  add_common(*command, *options, false);
  add_who(*command, *who);
  command->callback([=, &status] {
    if (who->user.empty() == who->client.empty()) {
      fmt::print(stderr, "ward token: name one of --user and --client\n");
      status = 2;
      return;
    }
    status = ask(*options,
                 {{"command", "token"},
                  {"user", who->user},
                  {"client", who->client},
                  {"scope", who->scope},
                  {"purpose", who->purpose}},
                 [](const json::object& answer) { fmt::print("{}\n", string_of(answer, "access_token")); });
  });
}

void add_explain(CLI::App& app, int& status) {
  auto* command =
      app.add_subcommand("explain", "for a caller and a request: what would happen, and which policy line decides it");
  command->footer(
      "Examples:\n  ward explain --user desk.diaz GET /fhir/Patient/abc\n  ward explain --token TOKEN GET "
      "'/fhir/Observation?patient=abc&code=4548-4'");
  auto options = std::make_shared<CommonOptions>();
  auto who = std::make_shared<Who>();
  auto token = std::make_shared<std::string>(), method = std::make_shared<std::string>(),
       url = std::make_shared<std::string>();
  add_common(*command, *options, false);
  add_who(*command, *who);
  command->add_option("--token", *token,
                      "an access token, instead of --user or --client (- reads it from standard input)");
  command->add_option("method", *method, "GET, POST, PUT, DELETE")->required();
  command->add_option("url", *url, "path and query, or the whole URL")->required();
  command->callback([=, &status] {
    const std::string bearer = *token == "-" ? read_text("-") : *token;
    status = ask(*options,
                 {{"command", "explain"},
                  {"user", who->user},
                  {"client", who->client},
                  {"scope", who->scope},
                  {"purpose", who->purpose},
                  {"token", bearer},
                  {"method", *method},
                  {"url", *url}},
                 print_steps);
  });
}

}  // namespace ward::app
