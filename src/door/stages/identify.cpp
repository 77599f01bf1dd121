// Who: the bearer token, checked on this core.
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

bool is_public(const Exchange& x) {
  if (x.preflight || x.route->kind == RouteKind::documents || x.route->kind == RouteKind::oauth) return true;
  if (x.route->kind == RouteKind::manage) return x.route->name == manage_description;
  return x.route->kind == RouteKind::fhir &&
         (x.fhir.kind == FhirRequest::Kind::capabilities || (!x.rest.empty() && x.rest[0] == ".well-known"));
}

}  // namespace

Allowed<void> identify(Exchange& x) {
  if (is_public(x)) return {};
  if (x.stream.head().count("authorization") > 1)
    return refuse({.status = 400,
                   .code = "request_malformed",
                   .kind = CauseKind::protocol,
                   .cause = "several Authorization headers",
                   .issues = {{.code = "invalid", .diagnostics = "one Authorization header at most"}}});
  if (x.stream.head().count("dpop") > 1)  // RFC 9449 section 4.3
    return refuse({.status = 400,
                   .code = "request_malformed",
                   .kind = CauseKind::protocol,
                   .cause = "several DPoP headers",
                   .issues = {{.code = "invalid", .diagnostics = "one DPoP header at most"}}});
  auto caller = x.core.authenticator->authenticate({.authorization = x.header("authorization"),
                                                    .dpop = x.header("dpop"),
                                                    .method = x.stream.head().method,
                                                    .path = x.stream.head().path,
                                                    .certificate = x.stream.peer().client_certificate_der});
  if (!caller) return refuse(caller.error());
  x.caller = std::move(*caller);
  return {};
}

}  // namespace ward::door
