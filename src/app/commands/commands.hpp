// The subcommands. Each adds itself to the command line and sets the exit status: 0 done, 1 not done, 2 asked wrongly.
#pragma once

#include "data_directory.hpp"

#include "base/error.hpp"

#include <boost/json.hpp>
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace ward::app {

void add_serve(CLI::App& app, int& status);
void add_demo(CLI::App& app, int& status);
void add_init(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_reload(CLI::App& app, int& status);
void add_access(CLI::App& app, int& status);
void add_token(CLI::App& app, int& status);
void add_explain(CLI::App& app, int& status);
void add_audit(CLI::App& app, int& status);
void add_import(CLI::App& app, int& status);
void add_export(CLI::App& app, int& status);
void add_user(CLI::App& app, int& status);
void add_client(CLI::App& app, int& status);
void add_session(CLI::App& app, int& status);
void add_key(CLI::App& app, int& status);

/// The options that nearly all commands have.
struct CommonOptions {
  std::string data;    // --data DIR
  std::string config;  // --config FILE
  bool json = false;   // --json

  Paths paths() const { return {data}; }
  std::filesystem::path configuration() const {
    return config.empty() ? paths().configuration() : std::filesystem::path(config);
  }
};
void add_common(CLI::App& command, CommonOptions& options, bool with_config = true);

/// Prints an error for its reader; gives the status 1.
int complain(const Error& error, bool json = false);
void print_json(const boost::json::value& value);

/// A member as text, or "".
std::string string_of(const boost::json::object& object, std::string_view name);
/// A list of texts, with commas.
std::string list_of(const boost::json::object& object, std::string_view name);
/// A file's text, or that of standard input for "-", without the newline at its end.
std::string read_text(const std::string& file);

/// What the running server is to do: an operation of manage's table.
boost::json::object operation(const char* id, const std::string& name = "", boost::json::object body = {});

/// Asks the running server; prints the answer by `show`, or as JSON.
int ask(const CommonOptions& options, const boost::json::object& request,
        const std::function<void(const boost::json::object&)>& show);

}  // namespace ward::app
