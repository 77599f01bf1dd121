// The request line, read once and strictly; everything after routes by this reading alone.
#include "shield/request_line.hpp"
#include "cors.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <algorithm>

namespace ward::door {
namespace {

Refusal malformed(std::string cause, std::string said) {
  return {.status = 400,
          .code = "request_malformed",
          .kind = CauseKind::protocol,
          .cause = std::move(cause),
          .issues = {{.code = "invalid", .diagnostics = std::move(said)}}};
}

/// Headers by which other servers let the path or method be changed behind a gateway's back.
constexpr std::string_view overriding[] = {"x-original-url", "x-rewrite-url", "x-http-method-override", "x-http-method",
                                           "x-method-override"};

bool is_request_id(std::string_view text) {
  return text.size() >= 8 && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                  c == '-';
         });
}

std::string_view host_of(std::string_view authority) {
  const std::size_t colon = authority.rfind(':');
  return colon == std::string_view::npos || authority.ends_with(']') ? authority : authority.substr(0, colon);
}

Allowed<void> read_fhir(Exchange& x) {
  if (x.rest.size() == 2 && x.rest[0] == ".well-known") return {};
  auto request = parse_fhir_request(x.stream.head().method, x.rest, !x.query.empty());
  if (!request) return refuse(request.error());
  x.fhir = std::move(*request);
  return {};
}

}  // namespace

Allowed<void> read_request_line(Exchange& x) {
  const net::RequestHead& head = x.stream.head();
  const std::string_view given_id = x.header("x-request-id");
  x.request_id = is_request_id(given_id) ? std::string(given_id) : x.services.random.token();

  auto segments = shield::path_segments(head.path);
  if (!segments) return refuse(segments.error());
  x.segments = std::move(*segments);
  if (const auto found = x.live->routes.find(host_of(head.authority), x.segments)) {
    x.route = found->route;
    x.rest.assign(x.segments.begin() + static_cast<std::ptrdiff_t>(found->consumed), x.segments.end());
  }
  auto query = shield::parse_query(head.query);
  if (!query) return refuse(query.error());
  x.query = std::move(*query);
  for (const std::string_view name : overriding)
    if (!x.header(name).empty())
      return refuse(malformed(fmt::format("header {}", name), fmt::format("the header {} is not taken", name)));
  if (x.route == nullptr)
    return refuse({.status = 404,
                   .code = "no_route",
                   .kind = CauseKind::protocol,
                   .cause = "no route has this path",
                   .issues = {{.code = "not-found", .diagnostics = "there is nothing under this path"}}});
  x.preflight = is_preflight(x);
  return x.route->kind == RouteKind::fhir && !x.preflight ? read_fhir(x) : Allowed<void>{};
}

}  // namespace ward::door
