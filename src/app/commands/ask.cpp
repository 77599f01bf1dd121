// Commands that only ask the running server: token, explain, user, client.
#include "commands/commands.hpp"
#include "control/control.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <sstream>

namespace ward::app {
namespace {

namespace json = boost::json;

std::string string_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::string list_of(const json::object& object, std::string_view name) {
  std::string text;
  if (const json::value* value = object.if_contains(name); value != nullptr && value->is_array())
    for (const json::value& one : value->as_array()) text += (text.empty() ? "" : ",") + std::string(one.as_string());
  return text;
}

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

std::string read_text(const std::string& file) {
  std::stringstream content;
  if (file == "-")
    content << std::cin.rdbuf();
  else
    content << std::ifstream(file).rdbuf();
  std::string text = content.str();
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

void print_user(const json::object& user) {
  fmt::print("{:20} {:24} {:28} {}\n", string_of(user, "username"), list_of(user, "roles"),
             string_of(user, "fhir_user"), user.at("disabled").as_bool() ? "disabled" : "");
}

void print_client(const json::object& client) {
  fmt::print("{:20} {:22} {:34} {}\n", string_of(client, "client_id"), string_of(client, "token_endpoint_auth_method"),
             string_of(client, "scope"), client.at("disabled").as_bool() ? "disabled" : "");
}

/// user|client list, show, disable, enable.
void add_simple(CLI::App& group, const std::string& command, const char* key, const char* plural,
                void (*print)(const json::object&), const std::shared_ptr<CommonOptions>& options, int& status) {
  auto* list = group.add_subcommand("list", "all of them");
  list->callback([=, &status] {
    status = ask(*options, {{"command", command}, {"what", "list"}}, [=](const json::object& answer) {
      for (const json::value& one : answer.at(plural).as_array()) print(one.as_object());
    });
  });
  for (const char* what : {"show", "disable", "enable"}) {
    auto* sub = group.add_subcommand(
        what, std::string(what) == "disable" ? "takes effect on the next request, also for tokens that are out" : what);
    auto name = std::make_shared<std::string>();
    sub->add_option("name", *name)->required();
    sub->callback(
        [=, &status] { status = ask(*options, {{"command", command}, {"what", what}, {key, *name}}, print); });
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

void add_user(CLI::App& app, int& status) {
  auto* group = app.add_subcommand("user", "people: add, list, show, disable, enable");
  group->require_subcommand(1);
  group->fallthrough();  // --data and --json may stand at the end
  auto options = std::make_shared<CommonOptions>();
  add_common(*group, *options, false);
  group->fallthrough();
  add_simple(*group, "user", "name", "users", print_user, options, status);
  auto* add = group->add_subcommand("add", "a new person");
  add->footer(
      "Example:\n  ward user add dr.adams --role physician --fhir-user Practitioner/dr-adams --password-file -");
  auto name = std::make_shared<std::string>(), fhir_user = std::make_shared<std::string>(),
       password_file = std::make_shared<std::string>(), totp_secret = std::make_shared<std::string>(),
       full_name = std::make_shared<std::string>();
  auto roles = std::make_shared<std::vector<std::string>>();
  add->add_option("name", *name)->required();
  add->add_option("--role", *roles, "a role of the policy; may be repeated")->required();
  add->add_option("--fhir-user", *fhir_user, "who that is in FHIR, as in Practitioner/12");
  add->add_option("--full-name", *full_name, "the name that pages show");
  add->add_option("--password-file", *password_file, "a file with the password, or - for standard input");
  add->add_option("--totp-secret", *totp_secret,
                  "base32; without it the person enrols a second factor at the first sign-in. With --json the answer "
                  "has the recovery codes");
  add->callback([=, &status] {
    json::object request{{"command", "user"},
                         {"what", "add"},
                         {"name", *name},
                         {"fhir_user", *fhir_user},
                         {"full_name", *full_name},
                         {"totp_secret", *totp_secret},
                         {"roles", json::array(roles->begin(), roles->end())}};
    if (!password_file->empty()) request["password"] = read_text(*password_file);
    status = ask(*options, request, print_user);
  });
}

void add_client(CLI::App& app, int& status) {
  auto* group = app.add_subcommand("client", "OAuth clients: add, list, show, disable, enable");
  group->require_subcommand(1);
  group->fallthrough();  // --data and --json may stand at the end
  auto options = std::make_shared<CommonOptions>();
  add_common(*group, *options, false);
  group->fallthrough();
  add_simple(*group, "client", "client_id", "clients", print_client, options, status);
  auto* add =
      group->add_subcommand("add", "a new client, from JSON with RFC 7591's names; what is secret is printed once");
  add->footer(
      "Example:\n  echo '{\"client_id\":\"lab\",\"scope\":\"system/Observation.c\",\"roles\":[\"backend\"]}' | ward "
      "client add --file -");
  auto file = std::make_shared<std::string>();
  add->add_option("file,--file", *file, "the JSON, or - for standard input")->required();
  add->callback([=, &status] {
    boost::system::error_code bad;
    json::value parsed = json::parse(read_text(*file), bad);
    if (bad || !parsed.is_object()) {
      status = complain(Error("client_invalid", *file + " is no JSON object"), options->json);
      return;
    }
    json::object request = parsed.as_object();
    request["command"] = "client";
    request["what"] = "add";
    status = ask(*options, request, [](const json::object& answer) { fmt::print("{}\n", json::serialize(answer)); });
  });
}

}  // namespace ward::app
