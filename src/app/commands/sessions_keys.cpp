// Commands about sessions, and about the keys that sign tokens.
#include "commands/commands.hpp"
#include "control/control.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ward::app {
namespace {

namespace json = boost::json;

void print_session(const json::object& one) {
  fmt::print("{:17} {:20} {:24} {:20} {}\n", string_of(one, "id"), string_of(one, "username"), string_of(one, "device"),
             string_of(one, "network"), string_of(one, "last_seen"));
}

void print_key(const json::object& one) {
  fmt::print("{:12} {:14} {:8} {:9} {}\n", string_of(one, "kid"), string_of(one, "purpose"), string_of(one, "kind"),
             string_of(one, "state"), string_of(one, "created"));
}

std::function<void(const json::object&)> each(void (*print)(const json::object&)) {
  return [print](const json::object& answer) {
    for (const json::value& one : answer.at("items").as_array()) print(one.as_object());
  };
}

CLI::App* add_group(CLI::App& app, const char* name, const char* about, CommonOptions& options) {
  auto* group = app.add_subcommand(name, about);
  group->require_subcommand(1);
  group->fallthrough();  // --data and --json may stand at the end
  add_common(*group, options, false);
  return group;
}

void add_session_end(CLI::App& group, const std::shared_ptr<CommonOptions>& options, int& status) {
  auto* end =
      group.add_subcommand("end", "signs out one browser, or a person everywhere; effective on the next request");
  end->footer("Examples:\n  ward session end 3f2a0c9d11e45b70\n  ward session end --user dr.adams");
  auto id = std::make_shared<std::string>(), user = std::make_shared<std::string>();
  auto* by_id = end->add_option("id", *id, "as `ward session list` says");
  end->add_option("--user", *user, "every session of this person")->excludes(by_id);
  end->callback([=, &status] {
    if (id->empty() == user->empty()) {
      fmt::print(stderr, "ward session end: name a session, or --user\n");
      status = 2;
      return;
    }
    if (user->empty())
      status = ask(*options, operation("endSession", *id), [](const json::object&) { fmt::print("ended\n"); });
    else
      status = ask(*options, operation("endSessionsOfUser", *user), [](const json::object& answer) {
        fmt::print("{} ended\n", answer.at("ended").to_number<std::int64_t>());
      });
  });
}

void add_key_retire(CLI::App& group, const std::shared_ptr<CommonOptions>& options, int& status) {
  auto* retire = group.add_subcommand("retire", "a key that signs no more checks no more either: its tokens are over");
  retire->footer("Example:\n  ward key retire vB2cN0pQx1E");
  auto kid = std::make_shared<std::string>();
  retire->add_option("kid", *kid, "as `ward key list` says")->required();
  retire->callback([=, &status] { status = ask(*options, operation("retireKey", *kid), print_key); });
}

}  // namespace

void add_session(CLI::App& app, int& status) {
  auto options = std::make_shared<CommonOptions>();
  auto* group = add_group(app, "session", "who is signed in: list, end", *options);
  auto* list = group->add_subcommand("list", "browsers that are signed in");
  list->footer("Examples:\n  ward session list\n  ward session list --user dr.adams --json");
  auto user = std::make_shared<std::string>();
  list->add_option("--user", *user, "of this person alone");
  list->callback([=, &status] {
    status = ask(*options, user->empty() ? operation("listSessions") : operation("listSessionsOfUser", *user),
                 each(print_session));
  });
  add_session_end(*group, options, status);
}

void add_key(CLI::App& app, int& status) {
  auto options = std::make_shared<CommonOptions>();
  auto* group = add_group(app, "key", "the server's keys: list, rotate, retire", *options);
  auto* list = group->add_subcommand("list", "all of them; never the keys themselves");
  list->footer("Example:\n  ward key list --json");
  list->callback([=, &status] { status = ask(*options, operation("listKeys"), each(print_key)); });
  auto* rotate = group->add_subcommand(
      "rotate", "a new key signs from now on; tokens of the one before stay valid until they expire");
  rotate->footer("Examples:\n  ward key rotate\n  ward key rotate --purpose id-token-sign");
  auto purpose = std::make_shared<std::string>("token-sign");
  rotate->add_option("--purpose", *purpose, "token-sign or id-token-sign")->capture_default_str();
  rotate->callback(
      [=, &status] { status = ask(*options, operation("rotateKey", "", {{"purpose", *purpose}}), print_key); });
  add_key_retire(*group, options, status);
}

}  // namespace ward::app
