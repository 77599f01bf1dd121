// create, update, patch, delete, plain and conditional.
#include "fhir/commit.hpp"
#include "fhir/interactions.hpp"
#include "fhir/prefer.hpp"
#include "fhir/shared.hpp"
#include "render.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

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
  request.if_none_match = x.header("if-none-match");
  request.if_none_exist = x.header("if-none-exist");
  request.patch = x.content.patch.get();
  if (x.content.document) request.resource = x.content.document->root();
  return request;
}

/// 204, or with Prefer: return=OperationOutcome 200 and what was done.
void answer_removed(Exchange& x, Return wanted) {
  if (wanted != Return::outcome) return;
  x.answer.status = 200;
  answer_outcome(x);
}

void name_version(Exchange& x, const Plan& done) {
  x.answer.header("etag", etag(done.version));
  if (!x.grant->hides(done.type, "meta.lastUpdated")) x.answer.header("last-modified", http_date(done.updated));
  if (done.status == 201)
    x.answer.header("location", fmt::format("{}/{}/{}/_history/{}", x.route->base, done.type, done.id, done.version));
}

}  // namespace

boost::asio::awaitable<Allowed<void>> write(Exchange& x) {
  x.record.event = x.fhir.interaction == Interaction::create   ? audit::event::phi_create
                   : x.fhir.interaction == Interaction::remove ? audit::event::phi_delete
                                                               : audit::event::phi_update;
  const WriteRequest request = request_of(x);
  const Meanwhile nothing;
  auto plans = co_await plan_writes(x, request, nothing);
  if (!plans) co_return refuse(plans.error());
  const Plan& first = plans->front();
  x.grant = first.reading ? *first.reading : first.grant;
  x.record.cause = first.grant.cause_text();
  auto written = co_await commit(x, *plans, false);
  if (!written) co_return written;

  const Plan& done = plans->front();
  const Return wanted = preferred_return(x.header("prefer"));
  x.answer.status = done.status;
  if (done.remove) {
    answer_removed(x, wanted);
    co_return Allowed<void>{};
  }
  name_version(x, done);
  if (wanted == Return::outcome || (!x.notes.empty() && wanted != Return::minimal)) {
    answer_outcome(x);  // what was cleaned must be told, which the resource itself cannot
    co_return Allowed<void>{};
  }
  if (wanted == Return::minimal) co_return Allowed<void>{};
  auto answered = co_await representation(x, done);
  co_return answered;
}

}  // namespace ward::door
