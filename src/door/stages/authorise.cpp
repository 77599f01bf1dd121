// May they: scope, role, relationship and purpose become a Grant.
#include "emergency.hpp"
#include "handlers.hpp"
#include "related.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <fmt/compile.h>

namespace ward::door {
namespace {

constexpr std::size_t grants_max = 4096;  // per core; all are forgotten when full, which costs a decision each

std::string grant_key(const identity::Caller& caller, access::Interaction interaction, std::string_view type,
                      std::string_view purpose) {
  return fmt::format(FMT_COMPILE("{}|{}|{}|{}|{}"), caller.issuer, caller.token_id, int(interaction), type, purpose);
}

/// An API without a FHIR contract: the route states what leaves and which scope it takes.
Allowed<void> authorise_upstream(Exchange& x) {
  if (!x.route->scope.empty() && !x.caller->scope.has(x.route->scope))
    return refuse({.status = 403,
                   .code = "scope_missing",
                   .kind = CauseKind::scope,
                   .cause = fmt::format("{}: scope {}", x.route->where, x.route->scope)});
  x.grant = x.route->contract;
  return {};
}

}  // namespace

access::Subject subject_of(const identity::Caller& caller, std::string_view purpose) {
  access::Subject subject{
      .kind = caller.kind == identity::Caller::Kind::person ? access::SubjectKind::person : access::SubjectKind::client,
      .id = caller.subject,
      .client_id = caller.client_id,
      .fhir_user = caller.fhir_user,
      .launch_patient = caller.patient,
      .roles = caller.roles,
      .scopes = caller.scope,
      .purpose = std::string(purpose.empty() ? std::string_view(caller.purpose) : purpose),
      .jti = caller.token_id,
      .expires = caller.expires};
  return subject;
}

Allowed<access::Grant> decide(Exchange& x, access::Interaction interaction, std::string_view type) {
  const WallTime now = x.services.clock.wall();
  const std::string_view purpose = x.header("x-ward-purpose");
  const access::Subject subject = subject_of(*x.caller, purpose);
  const bool emergency = subject.purpose == emergency_purpose;
  const std::string key = grant_key(*x.caller, interaction, type, subject.purpose);
  const Emergencies& emergencies = x.services.emergencies;
  const manage::Relationships& pushed = x.services.manage.relationships();
  const std::uint64_t relationships =
      x.core.reader->relationship_generation() + pushed.generation() + (emergency ? emergencies.generation() : 0);
  if (const auto cached = x.core.grants.find(key);
      cached != x.core.grants.end() && cached->second.policy_generation == x.live->policy->generation() &&
      cached->second.relationship_generation == relationships && now < cached->second.valid_until)
    return cached->second.grant;
  const access::RelatedFn related = related_by(*x.core.reader, *x.live->policy, now, pushed, &emergencies);
  auto grant = access::decide(x.live->policy, subject, interaction, type, related, now);
  if (!grant) return grant;
  WallTime valid_until = grant->valid_until();
  if (emergency) valid_until = std::min(valid_until, emergencies.first_end(subject.fhir_user).value_or(valid_until));
  if (x.core.grants.size() >= grants_max) x.core.grants.clear();
  x.core.grants.insert_or_assign(key,
                                 Core::CachedGrant{x.live->policy->generation(), relationships, valid_until, *grant});
  return grant;
}

Allowed<void> authorise(Exchange& x) {
  if (!x.caller) return {};
  if (x.route->kind == RouteKind::upstream) return authorise_upstream(x);
  if (x.route->kind == RouteKind::manage) {
    // "/api/v1/relationships": a part that the policy may give to other roles.
    constexpr std::size_t part = 2;
    const bool given = x.segments.size() > part && x.live->policy->administers(x.caller->roles, x.segments[part]);
    return given ? manage::authorise_part(*x.caller, x.services.clock.wall())
                 : manage::authorise(*x.caller, x.services.clock.wall());
  }
  if (x.route->kind == RouteKind::emergency) return authorise_emergency(x);
  if (x.fhir.kind == FhirRequest::Kind::capabilities || x.fhir.kind == FhirRequest::Kind::bundle)
    return {};                         // each entry of a bundle is decided as its own request
  if (x.fhir.type.empty()) return {};  // of the system: each type is decided on its own
  auto grant = decide(x, x.fhir.interaction, x.fhir.type);
  const OperationRow* operation = x.fhir.operation;
  if (!grant && operation != nullptr && operation->or_else != operation->interaction) {
    auto other = decide(x, operation->or_else, x.fhir.type);
    if (other) grant = std::move(other);
  }
  if (!grant) return refuse(grant.error());
  x.grant = std::move(*grant);
  return {};
}

}  // namespace ward::door
