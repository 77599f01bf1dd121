// Deletes: one, or by configuration all that match a condition.
#include "fhir/plan_match.hpp"

#include "fhir/interactions.hpp"
#include "services.hpp"
#include "stages/stages.hpp"

namespace ward::door {
namespace {

using boost::asio::awaitable;

constexpr std::size_t removed_max = 100;  // by one condition, in one commit

Plan plan_of(const access::Grant& grant, const store::Version& current) {
  Plan plan{.change = std::nullopt,
            .grant = grant,
            .status = 204,
            .type = current.type,
            .id = current.id,
            .version = current.version,
            .updated = current.updated,
            .patients = current.patients,
            .remove = true};
  if (current.deleted) return plan;
  plan.change = store::Change{.operation = store::Operation::remove,
                              .type = current.type,
                              .id = current.id,
                              .expected_version = current.version,
                              .body = {},
                              .index = {},
                              .relationships = {}};
  return plan;
}

awaitable<Allowed<Plan>> plan_remove(Exchange& x, const access::Grant& grant, const WriteRequest& request,
                                     std::string id) {
  auto current = co_await changeable(x, grant, request.type, id);
  if (!current) co_return refuse(current.error());
  if (!current->deleted)
    if (auto holds = check_conditions(request, *current); !holds) co_return refuse(holds.error());
  co_return plan_of(grant, *current);
}

awaitable<Allowed<std::vector<std::string>>> ids_of(Exchange& x, const WriteRequest& request,
                                                    const Meanwhile& meanwhile) {
  std::vector<std::string> ids;
  if (!request.id.empty()) {
    ids.push_back(request.id);
    co_return ids;
  }
  if (!x.route->deletes_several) {
    auto match = co_await sole_match(x, request, meanwhile, "delete");
    if (!match) co_return refuse(match.error());
    ids.push_back(std::move(*match));
    co_return ids;
  }
  auto found = co_await matching(x, request.type, request.query, meanwhile, removed_max + 1);
  if (!found) co_return refuse(found.error());
  if (found->size() > removed_max)
    co_return refuse(precondition("conditional delete",
                                  fmt::format("more than {} resources match; narrow the condition", removed_max)));
  if (found->empty())
    co_return refuse({.status = 404,
                      .code = "not_found",
                      .kind = CauseKind::record,
                      .cause = "nothing matches",
                      .issues = {{.code = "not-found", .diagnostics = "nothing matches"}}});
  for (store::Version& one : *found) ids.push_back(std::move(one.id));
  co_return ids;
}

awaitable<Allowed<std::vector<Plan>>> plan_removes(Exchange& x, const WriteRequest& request,
                                                   const Meanwhile& meanwhile) {
  auto grant = decide(x, access::Interaction::remove, request.type);
  if (!grant) co_return refuse(grant.error());
  auto ids = co_await ids_of(x, request, meanwhile);
  if (!ids) co_return refuse(ids.error());
  std::vector<Plan> plans;
  for (const std::string& id : *ids) {
    auto plan = co_await plan_remove(x, *grant, request, id);
    if (!plan) co_return refuse(plan.error());
    plans.push_back(std::move(*plan));
  }
  co_return plans;
}

}  // namespace

awaitable<Allowed<std::vector<Plan>>> plan_writes(Exchange& x, const WriteRequest& request,
                                                  const Meanwhile& meanwhile) {
  if (request.interaction == access::Interaction::remove) {
    auto plans = co_await plan_removes(x, request, meanwhile);
    co_return plans;
  }
  auto plan = co_await plan_write(x, request, meanwhile);
  if (!plan) co_return refuse(plan.error());
  std::vector<Plan> plans;
  plans.push_back(std::move(*plan));
  co_return plans;
}

}  // namespace ward::door
