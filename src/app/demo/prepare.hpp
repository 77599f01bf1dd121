// Making the demo: certificates and configuration, then people, clients and records, then demo.json and a tour.
#pragma once

#include "data_directory.hpp"
#include "server.hpp"

namespace ward::demo {

struct DemoOptions {
  std::string data = "demo";
  std::uint16_t port = 8443, http_port = 8080, admin_port = 9443;
  std::optional<std::uint16_t> mtls_port;  // if not given: 8444, or a free one where `port` is 0
  std::string extra;
  std::string app_url;  // of the sample app, if it is served beside: the tour gets a link to it
};

/// Writes what is not there yet. Gives the overlays to lay over ward.toml: the ports, and `extra`.
Result<std::vector<std::filesystem::path>> prepare_files(const app::Paths& paths, const DemoOptions& options);

/// Fills an empty installation, writes demo.json, prints the tour.
Result<void> prepare_clinic(app::Server& server, const DemoOptions& options);

}  // namespace ward::demo
