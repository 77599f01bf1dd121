#include "commands/commands.hpp"
#include "control/control.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

namespace ward::app {

void add_common(CLI::App& command, CommonOptions& options, bool with_config) {
  const char* from_environment = std::getenv("WARD_DATA");
  options.data = from_environment != nullptr ? from_environment : "/var/lib/ward";
  command.add_option("--data", options.data, "the data directory")->envname("WARD_DATA")->capture_default_str();
  if (with_config) command.add_option("--config", options.config, "the configuration (default: DATA/ward.toml)");
  command.add_flag("--json", options.json, "print JSON");
}

int complain(const Error& error, bool json) {
  if (json)
    fmt::print("{}\n", boost::json::serialize(
                           boost::json::object{{"error", {{"code", error.code()}, {"message", error.text()}}}}));
  else
    fmt::print(stderr, "ward: {}\n", error.text());
  return 1;
}

void print_json(const boost::json::value& value) { fmt::print("{}\n", boost::json::serialize(value)); }

boost::json::object operation(const char* id, const std::string& name, boost::json::object body) {
  return {{"command", "manage"}, {"operation", id}, {"id", name}, {"body", std::move(body)}};
}

int ask(const CommonOptions& options, const boost::json::object& request,
        const std::function<void(const boost::json::object&)>& show) {
  const auto answer = ask_server(options.paths().control(), request);
  if (!answer) return complain(answer.error(), options.json);
  if (options.json)
    print_json(*answer);
  else
    show(*answer);
  return 0;
}

std::string string_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

std::string list_of(const boost::json::object& object, std::string_view name) {
  std::string text;
  if (const boost::json::value* value = object.if_contains(name); value != nullptr && value->is_array())
    for (const boost::json::value& one : value->as_array())
      text += (text.empty() ? "" : ",") + std::string(one.as_string());
  return text;
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

}  // namespace ward::app
