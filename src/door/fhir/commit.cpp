#include "fhir/commit.hpp"

#include "fhir/seal.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

std::string_view event_of(const Plan& plan) {
  if (plan.remove) return audit::event::phi_delete;
  return plan.status == 201 ? audit::event::phi_create : audit::event::phi_update;
}

/// What a record says of the planned changes; ids and patients go into its sealed part.
audit::Record record_of(const Exchange& x, const std::vector<Plan>& plans) {
  audit::Record record{.event = std::string(event_of(plans.front())),
                       .action = plans.front().remove          ? 'D'
                                 : plans.front().status == 201 ? 'C'
                                                               : 'U',
                       .method = std::string(x.stream.head().method)};
  record.route = x.route->path_template() + std::string(x.fhir.path_template());
  record.actor = actor_of(*x.caller);
  if (x.route->upstream != nullptr)
    record.detail.emplace_back("upstream", x.route->name);  // what a crash leaves open there is unknown, not undone
  record.roles = x.caller->roles;
  record.client = x.caller->client_id;
  record.jti = x.caller->token_id;
  record.ip = x.stream.peer().address.to_string();
  record.request_id = x.request_id;
  record.purpose = plans.front().grant.purpose();
  record.cause = plans.front().grant.cause_text();
  std::map<std::string, std::uint64_t> types;
  for (const Plan& plan : plans) {
    if (!plan.change) continue;
    ++types[plan.type];
    const std::string resource = plan.type + "/" + plan.id;
    const auto patients = access::without_marks(plan.patients);
    if (patients.empty()) record.subjects.inside().of.push_back({"", {resource}});
    for (const std::string& patient : patients)
      record.subjects.inside().of.push_back({"Patient/" + patient, {resource}});
  }
  record.types.assign(types.begin(), types.end());
  if (x.route->upstream != nullptr) record.detail.emplace_back("upstream", x.route->name);
  return record;
}

/// Another server chooses the id of what it creates.
void rename(Plan& plan, std::string id) {
  if (id == plan.id) return;
  if (plan.type == "Patient") std::replace(plan.patients.begin(), plan.patients.end(), plan.id, id);
  plan.id = std::move(id);
}

boost::asio::awaitable<Allowed<void>> write_changes(Exchange& x, std::vector<Plan>& plans, ChangePermit permit) {
  std::vector<store::Change> changes;
  for (Plan& plan : plans)
    if (plan.change) changes.push_back(std::move(*plan.change));
  const WrittenConsents consents(changes);
  auto done = co_await backend_of(x).write(x, std::move(changes), std::move(permit));
  if (!done) co_return refuse(done.error());
  std::size_t next = 0;
  for (Plan& plan : plans) {
    if (!plan.change) continue;
    plan.version = (*done)[next].done.version;
    plan.updated = (*done)[next].done.updated;
    rename(plan, std::move((*done)[next].id));
    consents.take(x, next, plan.id, plan.version);
    ++next;
  }
  co_return Allowed<void>{};
}

}  // namespace

boost::asio::awaitable<Allowed<void>> commit(Exchange& x, std::vector<Plan>& plans, bool own_outcome) {
  bool any = false;
  for (const Plan& plan : plans) any = any || plan.change.has_value();
  if (!any) co_return Allowed<void>{};
  auto intent = co_await x.services.log.intend(record_of(x, plans));
  if (!intent)
    co_return refuse({.status = 503,
                      .code = std::string(intent.error().code()),
                      .kind = CauseKind::internal,
                      .cause = "audit log",
                      .issues = {{.severity = "fatal",
                                  .code = "transient",
                                  .diagnostics = "the audit log cannot be written; nothing was changed"}},
                      .headers = {{"retry-after", "2"}}});
  auto permit = intent->permit();
  auto written = co_await write_changes(x, plans, std::move(permit));
  audit::Record outcome = record_of(x, plans);  // with the ids that came of it
  if (!own_outcome) {
    x.record.event = outcome.event;
    x.record.action = outcome.action;
    x.record.types = std::move(outcome.types);
    x.record.subjects = std::move(outcome.subjects);
    x.intent = std::move(*intent);
    co_return written;
  }
  outcome.status = written ? plans.front().status : written.error().status;
  outcome.outcome = written ? audit::Outcome::success : audit::Outcome::failed;
  auto settled = co_await x.services.log.outcome(*intent, std::move(outcome));
  if (!settled)
    co_return refuse({.status = 503,
                      .code = std::string(settled.error().code()),
                      .kind = CauseKind::internal,
                      .cause = "audit log"});
  co_return written;
}

}  // namespace ward::door
