#include "directory.hpp"

#include "manage/administration.hpp"

namespace ward::app {
namespace {

namespace json = boost::json;

constexpr std::size_t page = 1000, listed_max = 1'000'000;

std::string text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

manage::Call call_of(std::string id, json::object body = {}) {
  return {.actor = {.root = true}, .id = std::move(id), .body = std::move(body), .after = {}};
}

Result<json::object> told(manage::Outcome outcome, const std::string& id) {
  if (!outcome && outcome.error().status == 404)
    return fail("not_found", outcome.error().detail + ": " + id + "; see `list`");
  if (!outcome) return std::unexpected(outcome.error().error());
  return outcome->body.is_object() ? std::move(outcome->body.as_object()) : json::object();
}

Result<json::array> list_all(Server& server, std::string_view operation, const std::string& id) {
  json::array items;
  manage::Call call = call_of(id);
  call.limit = page;
  do {
    auto reply = server.administration().run(operation, call);
    if (!reply) return std::unexpected(reply.error().error());
    for (json::value& one : reply->body.as_array()) items.push_back(std::move(one));
    call.after = reply->next;
  } while (!call.after.empty() && items.size() < listed_max);
  return items;
}

/// What is empty on the command line was not said.
json::object said(const json::object& request, std::initializer_list<std::string_view> but) {
  json::object body;
  for (const auto& one : request) {
    const bool left_out = std::find(but.begin(), but.end(), one.key()) != but.end();
    if (!left_out && !(one.value().is_string() && one.value().as_string().empty())) body[one.key()] = one.value();
  }
  return body;
}

struct Kind {
  std::string_view key;     // of the request: whom it is about
  std::string_view plural;  // of the answer's list
  std::string_view add, change, show, list;
};
constexpr Kind users{"name", "users", "createUser", "changeUser", "getUser", "listUsers"};
constexpr Kind clients{"client_id", "clients", "createClient", "changeClient", "getClient", "listClients"};

Result<json::object> manage_kind(Server& server, const Kind& kind, const json::object& request, json::object added) {
  const std::string what = text(request, "what"), id = text(request, kind.key);
  manage::Administration& all = server.administration();
  if (what == "add") return told(all.run(kind.add, call_of("", std::move(added))), id);
  if (what == "show") return told(all.run(kind.show, call_of(id)), id);
  if (what == "disable" || what == "enable")
    return told(all.run(kind.change, call_of(id, {{"disabled", what == "disable"}})), id);
  auto items = list_all(server, kind.list, "");
  if (!items) return std::unexpected(items.error());
  return json::object{{kind.plural, std::move(*items)}};
}

}  // namespace

Result<json::object> manage_user(Server& server, const json::object& request) {
  json::object person = said(request, {"command", "what", "name", "full_name"});
  person["username"] = text(request, "name");
  person["name"] = text(request, "full_name");
  return manage_kind(server, users, request, std::move(person));
}

Result<json::object> manage_client(Server& server, const json::object& request) {
  return manage_kind(server, clients, request, said(request, {"command", "what"}));
}

Result<json::object> manage_any(Server& server, const json::object& request) {
  const std::string operation = text(request, "operation"), id = text(request, "id");
  if (operation == "resetFactors")
    return told(server.administration().reset_factors_by(id, text(request, "by"), text(request, "with")), id);
  if (operation.starts_with("list")) {
    auto items = list_all(server, operation, id);
    if (!items) return std::unexpected(items.error());
    return json::object{{"items", std::move(*items)}};
  }
  const json::value* body = request.if_contains("body");
  return told(server.administration().run(operation, call_of(id), body != nullptr ? json::serialize(*body) : ""), id);
}

}  // namespace ward::app
