#include "control/operations.hpp"

#include "directory.hpp"
#include "door/explain.hpp"
#include "export/exporter.hpp"
#include "import/importer.hpp"

#include <algorithm>
#include <mutex>

namespace ward::app {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

Result<void> record_command(Server& server, std::string_view event, std::string_view command,
                            std::vector<std::pair<std::string, std::string>> detail, std::string actor = "") {
  audit::Record record{.event = std::string(event), .action = 'E', .actor = std::move(actor)};
  record.detail = std::move(detail);
  record.detail.emplace(record.detail.begin(), "command", command);
  auto receipt = server.installation().log->append_blocking(std::move(record));
  if (!receipt) return std::unexpected(std::move(receipt.error()));
  return {};
}

Result<json::object> reload(Server& server, const json::object&, const Progress&) {
  auto done = server.reload();
  if (!done) return std::unexpected(std::move(done.error()));
  return json::object{{"message", *done}};
}

Result<identity::Identity::Minted> mint(Server& server, const json::object& request) {
  const std::string user = text(request, "user"), client = text(request, "client"), scope = text(request, "scope");
  return user.empty() ? server.identity().mint_client(client, scope)
                      : server.identity().mint_person(user, scope, text(request, "purpose"));
}

Result<json::object> token(Server& server, const json::object& request, const Progress&) {
  if (!server.configuration().tokens_by_command)
    return fail(
        "tokens_off",
        "`ward token` is off here; set [control] tokens = true in ward.toml (for demonstrations and tests only)");
  auto minted = mint(server, request);
  if (!minted) return std::unexpected(std::move(minted.error()));
  if (auto recorded = record_command(server, audit::event::token_issued, "token", {{"scope", minted->scope}},
                                     text(request, "user").empty() ? text(request, "client") : text(request, "user"));
      !recorded)
    return std::unexpected(std::move(recorded.error()));
  return json::object{{"access_token", minted->token},
                      {"token_type", "Bearer"},
                      {"expires_in", minted->lifetime.count()},
                      {"scope", minted->scope}};
}

Result<identity::CallerRef> caller_of(Server& server, const json::object& request) {
  std::string bearer = text(request, "token");
  if (bearer.empty() && text(request, "user").empty() && text(request, "client").empty()) return identity::CallerRef{};
  if (bearer.empty()) {
    auto minted = mint(server, request);
    if (!minted) return std::unexpected(std::move(minted.error()));
    bearer = minted->token;
  }
  auto caller = server.identity().authenticator(8)->authenticate("Bearer " + bearer);
  if (!caller) return fail(caller.error().code, "the token is not taken: " + caller.error().cause);
  return *caller;
}

Result<json::object> explain(Server& server, const json::object& request, const Progress&) {
  auto caller = caller_of(server, request);
  if (!caller) return std::unexpected(std::move(caller.error()));
  door::ExplainRequest asked{.method = text(request, "method"),
                             .host = server.configuration().host,
                             .purpose = text(request, "purpose"),
                             .caller = *caller};
  std::string url = text(request, "url");
  if (url.starts_with(server.base())) url = url.substr(server.base().size());
  if (!url.starts_with('/')) url = server.configuration().fhir_path + "/" + url;
  const std::size_t mark = url.find('?');
  asked.path = url.substr(0, mark);
  asked.query = mark == std::string::npos ? "" : url.substr(mark + 1);
  auto reader = server.installation().store->reader();
  if (!reader) return std::unexpected(std::move(reader.error()));
  if (auto recorded = record_command(server, audit::event::command, "explain", {{"method", asked.method}},
                                     *caller ? (*caller)->subject : "");
      !recorded)
    return std::unexpected(std::move(recorded.error()));
  json::array steps;
  for (const door::ExplainStep& step : door::explain(asked, *server.door().live(),
                                                     {**reader, *server.administration().relationships,
                                                      server.installation().consents, server.installation().clock}))
    steps.push_back(
        json::object{{"stage", step.stage}, {"passed", step.passed}, {"detail", step.detail}, {"where", step.where}});
  return json::object{{"steps", std::move(steps)}};
}

Result<json::object> audit_read(Server& server, const json::object& request, const Progress&) {
  if (auto recorded =
          record_command(server, audit::event::log_read, text(request, "what"), {{"filter", text(request, "filter")}});
      !recorded)
    return std::unexpected(std::move(recorded.error()));
  return json::object{};
}

/// One import at a time: a second one would decide by what the first has not stored yet.
std::mutex import_mutex;

Result<json::object> import(Server& server, const json::object& request, const Progress& progress) {
  const std::lock_guard one_at_a_time(import_mutex);
  ImportRequest asked;
  for (const json::value& file : request.at("files").as_array())
    asked.files.emplace_back(std::string(file.as_string()));
  asked.own_bases = {server.fhir_base()};
  const auto report = import_files(server.installation(), asked, [&](const ImportProgress& now) {
    progress({{"done", now.done}, {"of", now.of}, {"unit", now.unit}});
  });
  if (!report) return std::unexpected(report.error());
  return report->json();
}

Result<json::object> export_resources(Server& server, const json::object& request, const Progress& progress) {
  auto asked = ExportRequest::read(request);
  if (!asked) return std::unexpected(std::move(asked.error()));
  asked->settings.own_bases = {server.fhir_base()};
  const WallTime at = server.installation().clock.wall();
  const auto report = export_files(server.installation(), *asked, [&](const ExportProgress& now) {
    progress({{"done", now.done}, {"of", now.of}, {"unit", now.unit}});
  });
  if (!report) return std::unexpected(report.error());
  return report->json(*asked, at);
}

Result<json::object> user(Server& server, const json::object& request, const Progress&) {
  return manage_user(server, request);
}
Result<json::object> client(Server& server, const json::object& request, const Progress&) {
  return manage_client(server, request);
}
Result<json::object> manage(Server& server, const json::object& request, const Progress&) {
  return manage_any(server, request);
}

struct Operation {
  std::string_view name;
  Result<json::object> (*run)(Server&, const json::object&, const Progress&);
};
constexpr Operation operations[] = {{"reload", reload},   {"token", token},
                                    {"explain", explain}, {"audit-read", audit_read},
                                    {"import", import},   {"export", export_resources},
                                    {"user", user},       {"client", client},
                                    {"manage", manage}};

}  // namespace

Result<json::object> operate(Server& server, const json::object& request, const Progress& progress) {
  const std::string name = text(request, "command");
  for (const Operation& operation : operations)
    if (operation.name == name) return operation.run(server, request, progress);
  return fail("control", "this server does not know the command '" + name + "'; is it of an older version?");
}

}  // namespace ward::app
