// Who: the bearer token, checked on this core.
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

bool is_public(const Exchange& x) {
  if (x.route->kind == RouteKind::documents || x.route->kind == RouteKind::oauth) return true;
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
  auto caller = x.core.authenticator->authenticate(x.header("authorization"));
  if (!caller) return refuse(caller.error());
  x.caller = std::move(*caller);
  return {};
}

}  // namespace ward::door
