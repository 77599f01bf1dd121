#include "fhir/plan.hpp"

#include "access/relationship.hpp"
#include "fhir/index.hpp"
#include "fhir/interactions.hpp"
#include "fhir/narrow.hpp"
#include "fhir/patching.hpp"
#include "fhir/shared.hpp"
#include "fhir/visible.hpp"
#include "r4/r4.hpp"
#include "render.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;

Refusal precondition(std::string_view what, std::string said) {
  return {.status = 412,
          .code = "precondition_failed",
          .kind = CauseKind::validation,
          .cause = std::string(what),
          .issues = {{.code = "conflict", .diagnostics = std::move(said)}}};
}

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

/// What matches a conditional request, within the Grant alone. At most two are asked for: none, one, or several.
awaitable<Allowed<std::vector<store::Version>>> matching(Exchange& x, std::string_view type, const std::string& query) {
  auto search = fhir::parse_condition(type, query, {.own_bases = x.live->own_bases});
  if (!search) co_return refuse(search.error());
  auto grant = decide(x, access::Interaction::search, type);
  if (!grant) co_return refuse(grant.error());
  auto narrowed = co_await narrow(x, *grant, *search);
  if (!narrowed) co_return refuse(narrowed.error());
  search->query.count = 2;
  auto page = co_await backend_of(x).search(x, *search);
  if (!page) co_return refuse(page.error());
  co_return std::move(page->found);
}

/// The current version of what is to be changed; absent and unseen are one answer. What belongs to others too is theirs
/// to keep: its reader was shown a part, and may not put that over the whole.
Allowed<void> check_changeable(Exchange& x, const access::Grant& grant, const store::Version& current) {
  if (!sees(x, grant, current)) {
    note_subjects(x.record, current);
    return refuse(not_known(current.type, current.id, "not in the grant: " + grant.cause_text()));
  }
  if (current.deleted || !is_shared(grant, current.patients)) return {};
  return refuse(
      {.status = 403,
       .code = "shared_resource",
       .kind = CauseKind::policy,
       .cause = grant.cause_text(),
       .issues = {
           {.code = "forbidden",
            .diagnostics =
                "the resource belongs to other patients too, so you may read your part of it and not change it"}}});
}

awaitable<Allowed<store::Version>> changeable(Exchange& x, const access::Grant& grant, std::string_view type,
                                              std::string_view id) {
  auto found = co_await backend_of(x).read(x, type, id);
  if (!found) co_return refuse(found.error());
  if (!*found) co_return refuse(not_known(type, id, "absent"));
  if (auto may = check_changeable(x, grant, **found); !may) co_return refuse(may.error());
  co_return std::move(**found);
}

Allowed<void> check_if_match(const std::string& if_match, const store::Version& current) {
  if (if_match.empty() || (if_match == "*" && !current.deleted)) return {};
  if (!current.deleted && parse_etag(if_match) == current.version) return {};
  return refuse(precondition("If-Match", "the resource has another version than If-Match names"));
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
                                    std::string_view sent, std::string_view before, const Arriving& arriving) {
  const auto document = json::Document::parse(sent);
  if (!document)
    co_return refuse({.status = 500, .code = "internal", .kind = CauseKind::internal, .cause = "rewritten body"});
  const auto older = json::Document::parse(before);
  const json::Value known = older ? older->root() : json::Value();
  auto checked = co_await check_references(x, grant, type, document->root(), known, arriving);
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
  const auto document = json::Document::parse(body.view());
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

awaitable<Allowed<Plan>> plan_create(Exchange& x, const WriteRequest& request, const Arriving& arriving) {
  auto grant = decide(x, request.reference ? access::Interaction::search : access::Interaction::create, request.type);
  if (!grant) co_return refuse(grant.error());
  if (!request.if_none_exist.empty()) {
    auto found = co_await matching(x, request.type, request.if_none_exist);
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
  auto checked = co_await check_sent(x, *grant, request.type, body.view(), {}, arriving);
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

awaitable<Allowed<Plan>> plan_update(Exchange& x, WriteRequest request, const Arriving& arriving) {
  auto grant = decide(x, access::Interaction::update, request.type);
  if (!grant) co_return refuse(grant.error());
  if (request.id.empty()) {
    auto found = co_await matching(x, request.type, request.query);
    if (!found) co_return refuse(found.error());
    if (found->size() > 1) co_return refuse(precondition("conditional update", "several resources match"));
    if (found->empty()) {
      request.interaction = access::Interaction::create;
      auto created = co_await plan_create(x, request, arriving);
      co_return created;
    }
    request.id = found->front().id;
  } else if (request.resource.string("id") != request.id) {
    co_return refuse({.status = 400,
                      .code = "wrong_id",
                      .kind = CauseKind::validation,
                      .cause = "id",
                      .issues = {{.code = "invalid",
                                  .diagnostics = "the resource must have the id of the path",
                                  .expression = request.type + ".id"}}});
  }
  auto current = co_await changeable(x, *grant, request.type, request.id);
  if (!current) co_return refuse(current.error());
  if (current->deleted) co_return refuse(not_known(request.type, request.id, "deleted"));
  if (auto matches = check_if_match(request.if_match, *current); !matches) co_return refuse(matches.error());
  const Buffer sent = body_of(request, request.type, request.id), before = shown_before(*current, *grant);
  auto body = merged(*current, sent.clone(), *grant);
  if (!body) co_return refuse(body.error());
  auto checked = co_await check_sent(x, *grant, request.type, sent.view(), before.view(), arriving);
  if (!checked) co_return refuse(checked.error());
  auto plan =
      co_await finish_plan(x, request, std::move(*grant), store::Operation::update, request.id, std::move(*body));
  if (plan) plan->change->expected_version = current->version;
  co_return plan;
}

/// The one resource that a conditional change is about; 404 for none, 412 for several.
awaitable<Allowed<std::string>> sole_match(Exchange& x, const WriteRequest& request, std::string_view what) {
  auto found = co_await matching(x, request.type, request.query);
  if (!found) co_return refuse(found.error());
  if (found->size() > 1)
    co_return refuse(precondition(fmt::format("conditional {}", what),
                                  fmt::format("several resources match; {} them one by one", what)));
  if (found->empty())
    co_return refuse({.status = 404,
                      .code = "not_found",
                      .kind = CauseKind::record,
                      .cause = "nothing matches",
                      .issues = {{.code = "not-found", .diagnostics = "nothing matches"}}});
  co_return found->front().id;
}

/// A patch tests and copies what is stored, so it reads: both Grants must show the resource, before and after, and it
/// is applied to what both let through.
awaitable<Allowed<Plan>> plan_patch(Exchange& x, WriteRequest request, const Arriving& arriving) {
  auto grant = decide(x, access::Interaction::patch, request.type);
  if (!grant) co_return refuse(grant.error());
  auto reading = decide(x, access::Interaction::read, request.type);
  if (!reading) co_return refuse(reading.error());
  if (request.id.empty()) {
    auto match = co_await sole_match(x, request, "patch");
    if (!match) co_return refuse(match.error());
    request.id = std::move(*match);
  }
  auto current = co_await changeable(x, *grant, request.type, request.id);
  if (!current) co_return refuse(current.error());
  if (auto may = check_changeable(x, *reading, *current); !may) co_return refuse(may.error());
  if (current->deleted) co_return refuse(not_known(request.type, request.id, "deleted"));
  if (auto matches = check_if_match(request.if_match, *current); !matches) co_return refuse(matches.error());

  const Sight sight(*current, *grant, *reading);
  auto content = patched(x, *request.patch, *current, sight);
  if (!content) co_return refuse(content.error());
  request.resource = content->document->root();
  const Buffer sent = body_of(request, request.type, request.id);
  auto body = sight.merge(sent.clone(), content->moved);
  if (!body) co_return refuse(body.error());
  const std::string_view before = *sight.seen();  // not refused, or nothing would have been patched
  auto checked = co_await check_sent(x, *grant, request.type, sent.view(), before, arriving);
  if (!checked) co_return refuse(checked.error());
  auto plan =
      co_await finish_plan(x, request, std::move(*grant), store::Operation::update, request.id, std::move(*body));
  if (!plan) co_return plan;
  if (!would_see(x, *reading, request.type, plan->change->index)) co_return refuse(outside_grant(*reading));
  plan->change->expected_version = current->version;
  plan->reading = std::move(*reading);
  co_return plan;
}

awaitable<Allowed<Plan>> plan_remove(Exchange& x, WriteRequest request) {
  auto grant = decide(x, access::Interaction::remove, request.type);
  if (!grant) co_return refuse(grant.error());
  if (request.id.empty()) {
    auto match = co_await sole_match(x, request, "delete");
    if (!match) co_return refuse(match.error());
    request.id = std::move(*match);
  }
  auto current = co_await changeable(x, *grant, request.type, request.id);
  if (!current) co_return refuse(current.error());
  Plan plan{.change = std::nullopt,
            .grant = *grant,
            .status = 204,
            .type = request.type,
            .id = request.id,
            .version = current->version,
            .updated = current->updated,
            .patients = current->patients,
            .remove = true};
  if (current->deleted) co_return plan;
  if (auto matches = check_if_match(request.if_match, *current); !matches) co_return refuse(matches.error());
  plan.change = store::Change{.operation = store::Operation::remove,
                              .type = request.type,
                              .id = request.id,
                              .expected_version = current->version,
                              .body = {},
                              .index = {},
                              .relationships = {}};
  co_return plan;
}

}  // namespace

awaitable<Allowed<Plan>> plan_write(Exchange& x, const WriteRequest& request, const Arriving& arriving) {
  if (request.interaction == access::Interaction::create) {
    auto plan = co_await plan_create(x, request, arriving);
    co_return plan;
  }
  if (request.interaction == access::Interaction::update) {
    auto plan = co_await plan_update(x, request, arriving);
    co_return plan;
  }
  if (request.interaction == access::Interaction::patch) {
    auto plan = co_await plan_patch(x, request, arriving);
    co_return plan;
  }
  auto plan = co_await plan_remove(x, request);
  co_return plan;
}

}  // namespace ward::door
