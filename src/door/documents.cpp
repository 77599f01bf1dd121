// Discovery and keys: public, cacheable, open to scripts of any origin.
#include "handlers.hpp"
#include "pages/pages.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

struct Document {
  std::string_view path;
  std::string (*text)(const identity::Identity&);
};

constexpr Document documents[] = {
    {"/.well-known/oauth-authorization-server",
     [](const identity::Identity& i) { return i.authorization_server_metadata(); }},
    {"/.well-known/openid-configuration", [](const identity::Identity& i) { return i.openid_configuration(); }},
    {"/.well-known/oauth-protected-resource",
     [](const identity::Identity& i) { return i.protected_resource_metadata(); }},
    {"/.well-known/oauth-protected-resource/fhir",
     [](const identity::Identity& i) { return i.protected_resource_metadata(); }},
    {"/.well-known/smart-configuration", [](const identity::Identity& i) { return i.smart_configuration(); }},
    {"/jwks", [](const identity::Identity& i) { return i.jwks(); }},
};

/// Below /oauth and /fhir the same documents are found under the rest of the path.
std::string document_path(const Exchange& x) {
  std::string path;
  if (x.route->kind == RouteKind::documents && x.route->path.front() == ".well-known") path = "/.well-known";
  for (const std::string& segment : x.rest) path += "/" + segment;
  return path.empty() ? "/jwks" : path;
}

}  // namespace

/// Style and scripts of the pages: their names change with their content.
Allowed<void> handle_asset(Exchange& x) {
  std::string path = x.route->path_template();
  for (const std::string& segment : x.rest) path += "/" + segment;
  auto asset = pages::asset(path);
  x.record.route = "/assets/{name}";
  if (!asset) return refuse({.status = 404, .code = "not_found", .kind = CauseKind::protocol, .cause = "path"});
  x.answer.header("content-type", std::string(asset->content_type));
  x.answer.header("cache-control", "public, max-age=31536000, immutable");
  x.answer.body = access::Sendable::without_phi(Buffer(asset->content));
  return {};
}

Allowed<void> handle_documents(Exchange& x) {
  if (!x.method_is("GET") && !x.method_is("HEAD"))
    return refuse({.status = 405,
                   .code = "method_not_allowed",
                   .kind = CauseKind::protocol,
                   .cause = "method",
                   .headers = {{"allow", "GET"}}});
  if (x.route->path.front() == "assets") return handle_asset(x);
  const std::string path = document_path(x);
  for (const Document& document : documents) {
    if (document.path != path) continue;
    x.record.route = path;
    x.answer.header("content-type", "application/json");
    x.answer.header("cache-control", "public, max-age=300");
    x.answer.header("access-control-allow-origin", "*");
    x.answer.body = access::Sendable::without_phi(Buffer(document.text(x.services.identity)));
    return {};
  }
  return refuse({.status = 404, .code = "not_found", .kind = CauseKind::protocol, .cause = "path"});
}

}  // namespace ward::door
