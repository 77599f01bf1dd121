#include "fhir/plan.hpp"

#include "access/relationship.hpp"
#include "fhir/index.hpp"
#include "fhir/interactions.hpp"
#include "fhir/patching.hpp"
#include "fhir/plan_match.hpp"
#include "fhir/seal.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "r4/r4.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

#include <algorithm>

namespace ward::door {
namespace {

using boost::asio::awaitable;

Refusal outside_grant(const access::Grant& grant) {
  return {.status = 422,
          .code = "outside_grant",
          .kind = CauseKind::policy,
          .cause = grant.cause_text(),
          .issues = {
              {.code = "forbidden",
               .diagnostics = "what is written must belong to a patient of yours, and fit the scope of your token"}}};
}

std::string fresh_id(Exchange& x) {
  // Base64url's '_' is not in FHIR's ids.
  std::string id = x.services.random.token(16);
  for (char& c : id)
    if (c == '_') c = '.';
  return id;
}

/// Index, compartment and relationships of the body as it will be stored.
Allowed<store::Change> indexed(Exchange& x, const access::Grant& grant, store::Operation operation,
                               const std::string& type, const std::string& id, const json::Document& document) {
  auto index = fhir::index(document, type, id, {.own_bases = x.live->own_bases});
  if (!index)
    return refuse({.status = 422,
                   .code = std::string(index.error().code()),
                   .kind = CauseKind::validation,
                   .cause = "index",
                   .issues = {{.code = "too-long", .diagnostics = "the resource has too many searchable values"}}});
  access::add_marks(access::labels_in(document.root()), index->patients);
  if (!would_see(x, grant, type, *index)) return refuse(outside_grant(grant));
  store::Change change{.operation = operation,
                       .type = type,
                       .id = id,
                       .expected_version = std::nullopt,
                       .body = {},
                       .index = std::move(*index),
                       .relationships = {}};
  for (access::Relationship& row : access::derive(document))
    change.relationships.push_back({row.person, row.patient, row.kind, row.from_ms, row.until_ms});
  return change;
}

Buffer body_of(const WriteRequest& request, const std::string& type, const std::string& id) {
  Buffer body = fhir::set_id(request.resource, id);
  if (request.references == nullptr || request.references->empty()) return body;
  const auto document = json::Document::parse(body.view());
  WARD_ASSERT(document);
  return fhir::rewrite_references(document->root(), type, *request.references, request.full_url);
}

/// References of what the caller sent, before it is merged with what the caller does not see.
awaitable<Allowed<void>> check_sent(Exchange& x, const access::Grant& grant, std::string_view type,
                                    std::string_view sent, std::string_view before, const Meanwhile& meanwhile) {
  const auto document = json::Document::parse(sent);
  if (!document)
    co_return refuse({.status = 500, .code = "internal", .kind = CauseKind::internal, .cause = "rewritten body"});
  const auto older = json::Document::parse(before);
  const json::Value known = older ? older->root() : json::Value();
  auto checked = co_await check_references(x, grant, type, document->root(), known, meanwhile);
  co_return checked;
}

/// The current version as the caller sees it; nothing if that is nothing.
Buffer shown_before(const store::Version& current, const access::Grant& grant) {
  if (current.deleted) return {};
  Buffer body = current.body.inside().clone();
  if (grant.whole_view(current.type)) return body;
  auto shown = access::minimise(Phi<Buffer>(std::move(body)), grant, {.patients = current.patients, .visible = true});
  return shown ? std::move(*shown).release() : Buffer();
}

awaitable<Allowed<Plan>> finish_plan(Exchange& x, const WriteRequest& request, access::Grant grant,
                                     store::Operation operation, std::string id, Buffer body) {
  auto document = json::Document::parse(body.view());
  if (document && put_labels(x, document->root(), body)) document = json::Document::parse(body.view());
  if (!document)
    co_return refuse({.status = 500, .code = "internal", .kind = CauseKind::internal, .cause = "rewritten body"});
  auto change = indexed(x, grant, operation, request.type, id, *document);
  if (!change) co_return refuse(change.error());
  change->body = std::move(body);
  Plan plan{.change = std::move(*change),
            .grant = std::move(grant),
            .status = operation == store::Operation::create ? 201 : 200,
            .type = request.type,
            .id = std::move(id)};
  plan.patients = plan.change->index.patients;
  co_return plan;
}

awaitable<Allowed<Plan>> plan_create(Exchange& x, const WriteRequest& request, const Meanwhile& meanwhile) {
  auto grant = decide(x, request.reference ? access::Interaction::search : access::Interaction::create, request.type);
  if (!grant) co_return refuse(grant.error());
  if (!request.if_none_exist.empty()) {
    auto found = co_await matching(x, request.type, request.if_none_exist, meanwhile, 2);
    if (!found) co_return refuse(found.error());
    if (found->size() > 1) co_return refuse(precondition("If-None-Exist", "several resources match If-None-Exist"));
    if (found->size() == 1) {
      store::Version& match = found->front();
      auto reading = decide(x, access::Interaction::search, request.type);  // by which it was found
      if (!reading) co_return refuse(reading.error());
      co_return Plan{.change = std::nullopt,
                     .grant = *grant,
                     .reading = std::move(*reading),
                     .status = 200,
                     .type = request.type,
                     .id = match.id,
                     .version = match.version,
                     .updated = match.updated,
                     .patients = match.patients};
    }
  }
  if (request.match_only)
    co_return Plan{.change = std::nullopt, .grant = *grant, .status = 201, .type = request.type, .id = ""};
  std::string id = request.given_id.empty() ? fresh_id(x) : request.given_id;
  Buffer body = body_of(request, request.type, id);
  auto checked = co_await check_sent(x, *grant, request.type, body.view(), {}, meanwhile);
  if (!checked) co_return refuse(checked.error());
  auto plan =
      co_await finish_plan(x, request, std::move(*grant), store::Operation::create, std::move(id), std::move(body));
  if (plan && plan->change) plan->change->expected_version = 0;
  co_return plan;
}

/// The body of an update, with what the writer cannot see kept as it is.
Allowed<Buffer> merged(const store::Version& current, Buffer submitted, const access::Grant& grant) {
  if (current.deleted || grant.whole_view(current.type)) return submitted;
  return access::merge(current.body, std::move(submitted), grant, current.patients);
}

Refusal wrong_id(const WriteRequest& request, std::string said) {
  return {.status = 400,
          .code = "wrong_id",
          .kind = CauseKind::validation,
          .cause = "id",
          .issues = {{.code = "invalid", .diagnostics = std::move(said), .expression = request.type + ".id"}}};
}

/// Which resource an update is about: that of the path, or of the condition; none if the condition matches nothing.
awaitable<Allowed<std::string>> target_of(Exchange& x, const WriteRequest& request, const Meanwhile& meanwhile) {
  const std::string given = request.resource.string("id");
  if (!request.id.empty()) {
    if (given != request.id) co_return refuse(wrong_id(request, "the resource must have the id of the path"));
    co_return request.id;
  }
  auto found = co_await matching(x, request.type, request.query, meanwhile, 2);
  if (!found) co_return refuse(found.error());
  if (found->size() > 1) co_return refuse(precondition("conditional update", "several resources match"));
  if (found->empty()) co_return std::string();
  if (!given.empty() && given != found->front().id)
    co_return refuse(wrong_id(request, "the resource has another id than what matches"));
  co_return std::move(found->front().id);
}

/// Creates under an id that the caller chose; who may do that sees whether it is free.
awaitable<Allowed<Plan>> plan_upsert(Exchange& x, const WriteRequest& request, access::Grant grant, std::string id,
                                     const Meanwhile& meanwhile) {
  auto creating = decide(x, access::Interaction::create, request.type);
  if (!creating) co_return refuse(creating.error());
  Buffer body = body_of(request, request.type, id);
  auto checked = co_await check_sent(x, grant, request.type, body.view(), {}, meanwhile);
  if (!checked) co_return refuse(checked.error());
  auto plan =
      co_await finish_plan(x, request, std::move(grant), store::Operation::update, std::move(id), std::move(body));
  if (!plan) co_return plan;
  if (!would_see(x, *creating, request.type, plan->change->index)) co_return refuse(outside_grant(*creating));
  plan->status = 201;
  plan->change->expected_version = 0;
  co_return plan;
}

/// A conditional update that matches nothing (R4 3.1.0.4.3).
awaitable<Allowed<Plan>> plan_unmatched(Exchange& x, WriteRequest request, access::Grant grant,
                                        const Meanwhile& meanwhile) {
  std::string given = request.resource.string("id");
  if (given.empty() || !may_upsert(x, request.type)) {
    request.interaction = access::Interaction::create;
    request.if_none_exist.clear();
    auto created = co_await plan_create(x, request, meanwhile);
    co_return created;
  }
  auto there = co_await backend_of(x).read(x, request.type, given);
  if (!there) co_return refuse(there.error());
  if (*there && !(*there)->deleted)
    co_return refuse(precondition("conditional update", "nothing matches, and the id is that of another resource"));
  auto plan = co_await plan_upsert(x, request, std::move(grant), std::move(given), meanwhile);
  co_return plan;
}

awaitable<Allowed<Plan>> plan_update(Exchange& x, WriteRequest request, const Meanwhile& meanwhile) {
  auto grant = decide(x, access::Interaction::update, request.type);
  if (!grant) co_return refuse(grant.error());
  auto target = co_await target_of(x, request, meanwhile);
  if (!target) co_return refuse(target.error());
  if (target->empty()) {
    auto plan = co_await plan_unmatched(x, request, std::move(*grant), meanwhile);
    co_return plan;
  }
  request.id = std::move(*target);
  if (request.if_match.empty() && may_upsert(x, request.type)) {
    auto there = co_await backend_of(x).read(x, request.type, request.id);
    if (!there) co_return refuse(there.error());
    if (!*there || (*there)->deleted) {
      auto plan = co_await plan_upsert(x, request, std::move(*grant), request.id, meanwhile);
      co_return plan;
    }
  }
  auto current = co_await changeable(x, *grant, request.type, request.id);
  if (!current) co_return refuse(current.error());
  if (current->deleted) co_return refuse(not_known(request.type, request.id, "deleted"));
  if (auto matches = check_conditions(request, *current); !matches) co_return refuse(matches.error());
  const Buffer sent = body_of(request, request.type, request.id), before = shown_before(*current, *grant);
  auto body = merged(*current, sent.clone(), *grant);
  if (!body) co_return refuse(body.error());
  auto checked = co_await check_sent(x, *grant, request.type, sent.view(), before.view(), meanwhile);
  if (!checked) co_return refuse(checked.error());
  auto plan =
      co_await finish_plan(x, request, std::move(*grant), store::Operation::update, request.id, std::move(*body));
  if (plan) plan->change->expected_version = current->version;
  co_return plan;
}

/// A patch tests and copies what is stored, so it reads: both Grants must show the resource, before and after, and it
/// is applied to what both let through.
awaitable<Allowed<Plan>> plan_patch(Exchange& x, WriteRequest request, const Meanwhile& meanwhile) {
  auto grant = decide(x, access::Interaction::patch, request.type);
  if (!grant) co_return refuse(grant.error());
  auto reading = decide(x, access::Interaction::read, request.type);
  if (!reading) co_return refuse(reading.error());
  if (request.id.empty()) {
    auto match = co_await sole_match(x, request, meanwhile, "patch");
    if (!match) co_return refuse(match.error());
    request.id = std::move(*match);
  }
  auto current = co_await changeable(x, *grant, request.type, request.id);
  if (!current) co_return refuse(current.error());
  if (auto may = check_changeable(x, *reading, *current); !may) co_return refuse(may.error());
  if (current->deleted) co_return refuse(not_known(request.type, request.id, "deleted"));
  if (auto matches = check_conditions(request, *current); !matches) co_return refuse(matches.error());

  const Sight sight(*current, *grant, *reading);
  auto content = patched(x, *request.patch, *current, sight);
  if (!content) co_return refuse(content.error());
  request.resource = content->document->root();
  const Buffer sent = body_of(request, request.type, request.id);
  auto body = sight.merge(sent.clone(), content->moved);
  if (!body) co_return refuse(body.error());
  const std::string_view before = *sight.seen();  // not refused, or nothing would have been patched
  auto checked = co_await check_sent(x, *grant, request.type, sent.view(), before, meanwhile);
  if (!checked) co_return refuse(checked.error());
  auto plan =
      co_await finish_plan(x, request, std::move(*grant), store::Operation::update, request.id, std::move(*body));
  if (!plan) co_return plan;
  if (!would_see(x, *reading, request.type, plan->change->index)) co_return refuse(outside_grant(*reading));
  plan->change->expected_version = current->version;
  plan->reading = std::move(*reading);
  co_return plan;
}

}  // namespace

awaitable<Allowed<Plan>> plan_write(Exchange& x, const WriteRequest& request, const Meanwhile& meanwhile) {
  if (request.interaction == access::Interaction::create) {
    auto plan = co_await plan_create(x, request, meanwhile);
    co_return plan;
  }
  if (request.interaction == access::Interaction::update) {
    auto plan = co_await plan_update(x, request, meanwhile);
    co_return plan;
  }
  WARD_ASSERT(request.interaction == access::Interaction::patch);  // deletes are plan_writes' alone
  auto plan = co_await plan_patch(x, request, meanwhile);
  co_return plan;
}

bool may_upsert(Exchange& x, std::string_view type) {
  // Who does not see some of the type, for labels or Consents, would learn which ids are taken.
  if (!x.route->update_creates || consents_in_force(x)) return false;
  const auto shows_all = [&](access::Interaction interaction) {
    const auto grant = decide(x, interaction, type);
    return grant && std::any_of(grant->branches().begin(), grant->branches().end(), [](const access::Branch& branch) {
             return branch.all && branch.constraints.empty() && branch.sealed == 0;
           });
  };
  return shows_all(access::Interaction::update);
}

}  // namespace ward::door
