// create, update, patch, delete, plain and conditional.
#include "fhir/commit.hpp"
#include "fhir/interactions.hpp"
#include "fhir/shared.hpp"
#include "render.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

enum class Return { minimal, representation, outcome };

Return wanted(const Exchange& x) {
  const std::string_view prefer = x.header("prefer");
  if (prefer.find("return=minimal") != std::string_view::npos) return Return::minimal;
  if (prefer.find("return=OperationOutcome") != std::string_view::npos) return Return::outcome;
  return Return::representation;
}

/// The stored resource, as the caller may read it; nothing if its scope has no read.
boost::asio::awaitable<Allowed<void>> representation(Exchange& x, const Plan& plan) {
  auto stored = co_await backend_of(x).read_version(x, plan.type, plan.id, plan.version);
  if (!stored || !*stored) co_return Allowed<void>{};
  x.answer.header("content-type", "application/fhir+json");
  x.phi_patients = plan.patients;
  x.phi = own_part(x, *x.grant, **stored);
  co_return Allowed<void>{};
}

void answer_outcome(Exchange& x) {
  x.answer.header("content-type", "application/fhir+json");
  x.answer.body = access::Sendable::without_phi(outcome(x.notes));
}

WriteRequest request_of(const Exchange& x) {
  WriteRequest request{.interaction = x.fhir.interaction, .type = x.fhir.type, .id = x.fhir.id};
  if (x.fhir.conditional) request.query = x.stream.head().query;
  request.if_match = x.header("if-match");
  request.if_none_exist = x.header("if-none-exist");
  request.patch = x.content.patch.get();
  if (x.content.document) request.resource = x.content.document->root();
  return request;
}

}  // namespace

boost::asio::awaitable<Allowed<void>> write(Exchange& x) {
  x.record.event = x.fhir.interaction == Interaction::create   ? audit::event::phi_create
                   : x.fhir.interaction == Interaction::remove ? audit::event::phi_delete
                                                               : audit::event::phi_update;
  const WriteRequest request = request_of(x);
  const Arriving nothing;
  auto plan = co_await plan_write(x, request, nothing);
  if (!plan) co_return refuse(plan.error());
  x.grant = plan->reading ? *plan->reading : plan->grant;
  x.record.cause = plan->grant.cause_text();
  std::vector<Plan> plans;
  plans.push_back(std::move(*plan));
  auto written = co_await commit(x, plans, false);
  if (!written) co_return written;
  const Plan& done = plans.front();

  x.answer.status = done.status;
  if (done.remove) co_return Allowed<void>{};
  x.answer.header("etag", etag(done.version));
  if (!x.grant->hides(done.type, "meta.lastUpdated")) x.answer.header("last-modified", http_date(done.updated));
  if (done.status == 201)
    x.answer.header("location", fmt::format("{}/{}/{}/_history/{}", x.route->base, done.type, done.id, done.version));
  const Return kind = wanted(x);
  if (kind == Return::outcome || (!x.notes.empty() && kind != Return::minimal)) {
    answer_outcome(x);  // what was cleaned must be told, which the resource itself cannot
    co_return Allowed<void>{};
  }
  if (kind == Return::minimal) co_return Allowed<void>{};
  auto answered = co_await representation(x, done);
  co_return answered;
}

}  // namespace ward::door
