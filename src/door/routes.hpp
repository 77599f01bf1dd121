// Which request goes where: by host and path template, the most specific first.
#pragma once

#include "base/config.hpp"
#include "shield/firewall.hpp"
#include "shield/limits.hpp"

#include "access/grant.hpp"

namespace ward::door {

class Upstream;

enum class RouteKind : std::uint8_t {
  documents,  // discovery, JWKS: public and cacheable
  oauth,      // the authorization server's endpoints
  fhir,       // the embedded store, or an upstream FHIR server
  upstream,   // an API without a FHIR contract
  manage,     // administration: /api/v1
  emergency,  // break the glass: /api/v1/emergency-access
};

struct Route {
  std::string name;
  std::string host;               // empty: any
  std::vector<std::string> path;  // segments; "{x}" matches one, and what follows the last belongs to the route
  RouteKind kind = RouteKind::fhir;
  std::string base;                       // "https://localhost:8443/fhir"
  std::shared_ptr<Upstream> upstream;     // of proxied routes
  bool unchecked_references = false;      // references = "unchecked": dangling ones are taken
  bool update_creates = false;            // PUT of an unknown id creates, for who sees all of the type
  bool deletes_several = false;           // conditional_delete = "multiple"
  std::vector<std::string> methods;       // of upstream routes; empty: GET and HEAD
  std::string scope;                      // that a caller of an upstream route needs
  std::optional<access::Grant> contract;  // of upstream routes: which fields leave
  std::size_t body_bytes_max = 8u << 20;
  shield::FirewallRoute firewall;
  std::string where;  // "ward.toml:41"

  std::string path_template() const;  // "/fhir", for records and metrics
};

/// The route of /api/openapi.json, which everybody may read.
inline constexpr std::string_view manage_description = "openapi";

/// All routes of one configuration.
class Routes {
 public:
  void add(Route route);
  const std::vector<Route>& all() const { return routes_; }

  struct Found {
    const Route* route;
    std::size_t consumed;  // segments that belong to the route's own path
  };
  /// The longest path that matches, a named host before any host.
  std::optional<Found> find(std::string_view host, const std::vector<std::string>& segments) const;

 private:
  std::vector<Route> routes_;  // longest first
};

}  // namespace ward::door
