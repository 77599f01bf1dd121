// POST /api/v1/emergency-access: opens one patient's record for half an hour. Answers alike whether there is such a
// patient or not.
#include "base/encoding.hpp"
#include "emergency.hpp"
#include "handlers.hpp"
#include "manage/step_up.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

constexpr std::chrono::minutes fresh{5};
constexpr std::size_t reason_min = 10, reason_max = 1000;  // bytes

Refusal forbidden(std::string code, CauseKind kind, std::string said) {
  return {.status = 403,
          .code = std::move(code),
          .kind = kind,
          .cause = said,
          .issues = {{.code = "forbidden", .diagnostics = said}}};
}

Refusal wrong(std::string pointer, std::string said) {
  return {.status = 422,
          .code = "invalid",
          .kind = CauseKind::validation,
          .cause = pointer,
          .issues = {{.code = "invalid", .diagnostics = std::move(said), .expression = std::move(pointer)}}};
}

struct Asked {
  std::string patient, reason;
};

Allowed<Asked> read(const Exchange& x) {
  const auto document = json::Document::parse(x.content.bytes.view());
  if (!document || !document->root().is_object())
    return refuse(wrong("#", R"(send JSON: {"patient": "7", "reason": "why the record is needed now"})"));
  const json::Value root = document->root();
  for (json::Value member = root.first(); member; member = member.next())
    if (member.name() != "patient" && member.name() != "reason")
      return refuse(wrong("#", "only patient and reason are taken"));
  Asked asked{root.string("patient"), root.string("reason")};
  if (asked.patient.starts_with("Patient/")) asked.patient.erase(0, 8);
  if (!is_fhir_id(asked.patient)) return refuse(wrong("#/patient", "names one patient by id"));
  if (asked.reason.size() < reason_min || asked.reason.size() > reason_max)
    return refuse(wrong("#/reason", fmt::format("says why, in {} to {} characters", reason_min, reason_max)));
  return asked;
}

/// Durable before anything opens: whoever was let in is on record, whatever happens then.
boost::asio::awaitable<Allowed<void>> record_opening(Exchange& x, const Asked& asked) {
  audit::Record record{.event = std::string(audit::event::break_glass),
                       .action = 'E',
                       .actor = actor_of(*x.caller),
                       .roles = x.caller->roles,
                       .client = x.caller->client_id,
                       .ip = x.stream.peer().address.to_string(),
                       .jti = x.caller->token_id,
                       .request_id = x.request_id,
                       .purpose = std::string(emergency_purpose)};
  record.route = x.route->path_template();
  record.subjects.inside().of.push_back({"Patient/" + asked.patient, {}});
  record.subjects.inside().text = asked.reason;
  const auto receipt = co_await x.services.log.append(std::move(record));
  if (receipt) co_return Allowed<void>{};
  co_return refuse({.status = 503,
                    .code = std::string(receipt.error().code()),
                    .kind = CauseKind::internal,
                    .cause = "audit log",
                    .headers = {{"retry-after", "2"}}});
}

}  // namespace

Allowed<void> authorise_emergency(const Exchange& x) {
  const identity::Caller& caller = *x.caller;
  if (caller.outside || caller.kind != identity::Caller::Kind::person || caller.fhir_user.empty())
    return refuse(
        forbidden("person_needed", CauseKind::scope,
                  "an emergency is declared by a person with a resource of their own, signed in at this server"));
  if (!x.live->policy->serves(caller.roles, emergency_purpose))
    return refuse(forbidden("purpose_denied", CauseKind::policy, "no role of yours has the purpose ETREAT"));
  return manage::demand_fresh_factors(caller, x.services.clock.wall(), fresh,
                                      "an emergency needs a second factor that was shown within 5 minutes");
}

boost::asio::awaitable<Allowed<void>> handle_emergency(Exchange& x) {
  x.record.event = audit::event::request;
  if (!x.method_is("POST") || !x.rest.empty())
    co_return refuse({.status = x.rest.empty() ? 405 : 404,
                      .code = x.rest.empty() ? "method_not_allowed" : "not_found",
                      .kind = CauseKind::protocol,
                      .cause = "method or path",
                      .headers = {{"allow", "POST"}}});
  const auto asked = read(x);
  if (!asked) co_return refuse(asked.error());
  auto recorded = co_await record_opening(x, *asked);
  if (!recorded) co_return recorded;
  auto begun = co_await x.services.emergencies.begin(x.caller->fhir_user, asked->patient);
  if (!begun && begun.error().is("too_many"))
    co_return refuse({.status = 429,
                      .code = "too_many",
                      .kind = CauseKind::limit,
                      .cause = "emergencies at once",
                      .issues = {{.code = "throttled", .diagnostics = std::string(begun.error().message())}},
                      .headers = {{"retry-after", "300"}}});
  if (!begun)
    co_return refuse({.status = 503,
                      .code = std::string(begun.error().code()),
                      .kind = CauseKind::internal,
                      .cause = "store",
                      .headers = {{"retry-after", "2"}}});
  x.record.subjects.inside().of.push_back({"Patient/" + begun->patient, {}});
  x.answer.status = 201;
  x.answer.header("content-type", "application/json");
  x.answer.header("cache-control", "no-store");
  x.answer.body = access::Sendable::without_phi(
      Buffer(fmt::format(R"({{"patient":{},"until":"{}","purpose":"{}"}})", json_string(begun->patient),
                         rfc3339(WallTime(std::chrono::milliseconds(begun->until_ms))), emergency_purpose)));
  co_return Allowed<void>{};
}

}  // namespace ward::door
