// Commands about people and clients.
#include "commands/commands.hpp"
#include "control/control.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ward::app {
namespace {

namespace json = boost::json;

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

void add_role(CLI::App& group, const std::shared_ptr<CommonOptions>& options, int& status) {
  auto* role = group.add_subcommand("role", "puts other roles in the place of a person's; ends what the old ones gave");
  role->footer(
      "Examples:\n  ward user role nurse.cole --role nurse --role front-desk\n  ward user role nurse.cole --role nurse "
      "--json");
  auto name = std::make_shared<std::string>();
  auto roles = std::make_shared<std::vector<std::string>>();
  role->add_option("name", *name)->required();
  role->add_option("--role", *roles, "a role of the policy; may be repeated: all that the person is to have")
      ->required();
  role->callback([=, &status] {
    status = ask(*options, operation("changeUser", *name, {{"roles", json::array(roles->begin(), roles->end())}}),
                 print_user);
  });
}

void add_set_password(CLI::App& group, const std::shared_ptr<CommonOptions>& options, int& status) {
  auto* command = group.add_subcommand("set-password", "another password; signs the person out everywhere");
  command->footer(
      "Examples:\n  ward user set-password dr.adams --password-file -\n  ward user set-password dr.adams "
      "--password-file new.txt");
  auto name = std::make_shared<std::string>(), file = std::make_shared<std::string>();
  command->add_option("name", *name)->required();
  command->add_option("--password-file", *file, "a file with the password, or - for standard input")->required();
  command->callback([=, &status] {
    status = ask(*options, operation("changeUser", *name, {{"password", read_text(*file)}}), print_user);
  });
}

void add_reset(CLI::App& group, const std::shared_ptr<CommonOptions>& options, int& status) {
  auto* command = group.add_subcommand(
      "reset-mfa",
      "takes a person's second factors away, for two administrators who decided it; the person enrols anew");
  command->footer("Example:\n  ward user reset-mfa dr.adams --by admin.gray --with admin.hall");
  auto name = std::make_shared<std::string>(), by = std::make_shared<std::string>(),
       with = std::make_shared<std::string>();
  command->add_option("name", *name)->required();
  command->add_option("--by", *by, "the administrator who asks for it; recorded")->required();
  command->add_option("--with", *with, "the second one, who agrees; recorded")->required();
  command->callback([=, &status] {
    json::object request = operation("resetFactors", *name);
    request["by"] = *by;
    request["with"] = *with;
    status = ask(*options, request, [](const json::object& answer) {
      fmt::print("{}: second factors are gone; sessions and tokens are over\n", string_of(answer, "username"));
    });
  });
}

void add_rotate_secret(CLI::App& group, const std::shared_ptr<CommonOptions>& options, int& status) {
  auto* command = group.add_subcommand("rotate-secret",
                                       "makes a new secret and prints it once; the old one and its tokens are over");
  command->footer(
      "Examples:\n  ward client rotate-secret backend-secret\n  ward client rotate-secret backend-secret --json");
  auto id = std::make_shared<std::string>();
  command->add_option("id", *id)->required();
  command->callback([=, &status] {
    status = ask(*options, operation("rotateClientSecret", *id),
                 [](const json::object& answer) { fmt::print("{}\n", string_of(answer, "client_secret")); });
  });
}

}  // namespace

void add_user(CLI::App& app, int& status) {
  auto* group = app.add_subcommand("user", "people: add, list, show, disable, enable, role, set-password, reset-mfa");
  group->require_subcommand(1);
  group->fallthrough();  // --data and --json may stand at the end
  auto options = std::make_shared<CommonOptions>();
  add_common(*group, *options, false);
  group->fallthrough();
  add_simple(*group, "user", "name", "users", print_user, options, status);
  add_role(*group, options, status);
  add_set_password(*group, options, status);
  add_reset(*group, options, status);
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
  auto* group = app.add_subcommand("client", "OAuth clients: add, list, show, disable, enable, rotate-secret");
  group->require_subcommand(1);
  group->fallthrough();  // --data and --json may stand at the end
  auto options = std::make_shared<CommonOptions>();
  add_common(*group, *options, false);
  group->fallthrough();
  add_simple(*group, "client", "client_id", "clients", print_client, options, status);
  add_rotate_secret(*group, options, status);
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
