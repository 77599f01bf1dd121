#include "cors.hpp"

#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

constexpr const char* exposed =
    "etag, location, last-modified, www-authenticate, dpop-nonce, x-request-id, ratelimit, ratelimit-policy, "
    "retry-after, x-ward-emergency-until";
constexpr const char* allowed_methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
constexpr const char* allowed_headers =
    "authorization, dpop, content-type, accept, if-match, if-none-match, if-none-exist, if-modified-since, prefer, "
    "x-request-id, x-ward-purpose, x-ward-receipt";

/// FHIR, and the endpoints that apps themselves call; never a page.
bool is_for_apps(const Exchange& x) {
  static constexpr std::string_view endpoints[] = {"token", "revoke", "introspect", "userinfo", "par"};
  if (x.route == nullptr) return false;
  if (x.route->kind == RouteKind::fhir) return true;
  return x.route->kind == RouteKind::oauth && x.route->name == "oauth" && x.rest.size() == 1 &&
         std::find(std::begin(endpoints), std::end(endpoints), x.rest[0]) != std::end(endpoints);
}

}  // namespace

bool is_preflight(const Exchange& x) {
  return x.method_is("OPTIONS") && !x.header("origin").empty() && !x.header("access-control-request-method").empty() &&
         is_for_apps(x);
}

Allowed<void> answer_preflight(Exchange& x) {
  x.record.route = x.route->path_template();
  x.answer.status = 204;
  if (!x.services.identity.allows_origin(x.header("origin"))) return {};
  x.answer.header("access-control-allow-methods", allowed_methods);
  x.answer.header("access-control-allow-headers", allowed_headers);
  x.answer.header("access-control-max-age", "600");
  return {};
}

void add_cors(const Exchange& x, std::vector<std::pair<std::string, std::string>>& headers) {
  const std::string_view origin = x.header("origin");
  if (origin.empty() || !is_for_apps(x)) return;
  const bool open = std::any_of(headers.begin(), headers.end(),
                                [](const auto& one) { return one.first == "access-control-allow-origin"; });
  if (open) return;  // a public document
  headers.emplace_back("vary", "origin");
  if (x.stream.head().count("origin") > 1 || !x.services.identity.allows_origin(origin)) return;
  headers.emplace_back("access-control-allow-origin", origin);
  headers.emplace_back("access-control-expose-headers", exposed);
}

}  // namespace ward::door
