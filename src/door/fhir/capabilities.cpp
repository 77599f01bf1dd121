// metadata: what works here, and nothing else.
#include "fhir/capability.hpp"

#include "fhir/interactions.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

bool searches(const r4::SearchParam& param) { return param.type != r4::ParamType::special || param.code == "near"; }

/// Each operation once, though it may be at several levels.
std::vector<fhir::ListedOperation> listed_operations() {
  std::vector<fhir::ListedOperation> listed;
  for (const OperationRow& row : operations()) {
    const bool known = std::any_of(listed.begin(), listed.end(), [&](const fhir::ListedOperation& one) {
      return one.definition == row.definition && one.type == row.type;
    });
    if (!known) listed.push_back({std::string(row.name.substr(1)), std::string(row.definition), std::string(row.type)});
  }
  return listed;
}

std::string statement(const Route& route, const identity::Identity&) {
  fhir::CapabilityDescription description{.url = route.base,
                                          .version = "0.1.0",
                                          .date = "2026-11-24",
                                          .types = {},
                                          .patch_formats = {"application/json-patch+json", "application/fhir+json"},
                                          .operations = listed_operations(),
                                          .searches = searches,
                                          .includes = true};
  description.interactions.emplace_back("history-type");
  description.system_interactions.emplace_back("history-system");
  description.update_create = route.update_creates;
  description.deletes_several = route.deletes_several;
  description.words = route.upstream == nullptr;
  description.system_interactions.emplace_back("search-system");
  const std::string origin = route.base.substr(0, route.base.find('/', 8));
  description.smart = fhir::SmartEndpoints{.token = origin + "/oauth/token",
                                           .authorize = origin + "/oauth/authorize",
                                           .introspect = origin + "/oauth/introspect",
                                           .revoke = origin + "/oauth/revoke"};
  return fhir::capability_statement(description);
}

}  // namespace

Allowed<void> capabilities(Exchange& x) {
  // Some hundred kilobytes: made once per route and core.
  thread_local std::map<std::string, std::string, std::less<>> made;
  auto known = made.find(x.route->base);
  if (known == made.end()) known = made.emplace(x.route->base, statement(*x.route, x.services.identity)).first;
  x.record.route = x.route->path_template() + "/metadata";
  x.answer.header("content-type", "application/fhir+json");
  x.answer.header("cache-control", "public, max-age=300");
  x.answer.header("access-control-allow-origin", "*");
  x.answer.body = access::Sendable::without_phi(Buffer(known->second));
  return {};
}

}  // namespace ward::door
