#include "finish.hpp"

#include "audit/audit.hpp"
#include "base/encoding.hpp"
#include "base/log.hpp"
#include "cors.hpp"
#include "render.hpp"
#include "services.hpp"

#include <algorithm>

namespace ward::door {
namespace {

void complete_record(Exchange& x) {
  audit::Record& record = x.record;
  record.method = x.stream.head().method;
  if (record.route.empty())
    record.route = x.route != nullptr ? x.route->path_template() +
                                            std::string(x.route->kind == RouteKind::fhir ? x.fhir.path_template() : "")
                                      : "unknown";
  record.status = x.answer.status;
  record.ip = x.stream.peer().address.to_string();
  record.request_id = x.request_id;
  record.traceparent = x.header("traceparent");
  if (x.caller) {
    record.actor = actor_of(*x.caller);
    record.roles = x.caller->roles;
    record.client = x.caller->client_id;
    record.jti = x.caller->token_id;
  }
  if (x.grant) {
    record.purpose = x.grant->purpose();
    if (record.cause.empty()) record.cause = x.grant->cause_text();
  }
  if (record.event.empty()) record.event = audit::event::request;
  record.duration_us = static_cast<std::uint64_t>((x.services.clock.mono() - x.began) / std::chrono::microseconds(1));
  record.bytes = x.answer.body ? x.answer.body->size() : 0;
}

boost::asio::awaitable<Result<audit::Receipt>> make_durable(Exchange& x) {
  if (x.intent) {
    Result<audit::Receipt> receipt = co_await x.services.log.outcome(*x.intent, std::move(x.record));
    co_return receipt;
  }
  Result<audit::Receipt> receipt = co_await x.services.log.append(std::move(x.record));
  co_return receipt;
}

/// Nothing of the prepared answer leaves; the text is fixed and holds no PHI.
boost::asio::awaitable<void> send_closed(Exchange& x) {
  net::ResponseHead head{
      .status = 503,
      .headers = {{"content-type", "application/fhir+json"}, {"retry-after", "2"}, {"x-request-id", x.request_id}}};
  Buffer body(unavailable_outcome());
  x.services.counters.requests_failed.add();
  auto permit = audit::no_phi("log_closed").permit();
  const auto sent = co_await x.stream.send(std::move(head), std::move(body), std::move(permit));
  static_cast<void>(sent);
}

/// All headers of the answer in lower case, each name once but for cookies.
std::vector<std::pair<std::string, std::string>> headers_of(Exchange& x) {
  std::vector<std::pair<std::string, std::string>> headers;
  const auto add = [&](std::string_view name, std::string value) {
    std::string lower = ascii_lower(name);
    const bool many = lower == "set-cookie";
    if (many || std::none_of(headers.begin(), headers.end(), [&](const auto& one) { return one.first == lower; }))
      headers.emplace_back(std::move(lower), std::move(value));
  };
  for (auto& [name, value] : x.answer.headers) add(name, std::move(value));
  add("x-request-id", x.request_id);
  if (x.part_2 && x.answer.status < 300) add("x-ward-notice", std::string(access::redisclosure_notice));
  if (x.grant && x.grant->purpose() == emergency_purpose)  // the banner's text: until when this person is let in
    if (const auto until = x.services.emergencies.last_end(x.caller->fhir_user))
      add("x-ward-emergency-until", rfc3339(*until));
  add_cors(x, headers);
  for (auto& [name, value] : shield::rate_headers(x.by_source, x.by_caller)) add(name, std::move(value));
  return headers;
}

void count(Exchange& x) {
  Counters& counters = x.services.counters;
  (x.answer.status >= 500   ? counters.requests_failed
   : x.answer.status >= 400 ? counters.requests_refused
                            : counters.requests_ok)
      .add();
  counters.seconds.observe(std::chrono::duration<double>(x.services.clock.mono() - x.began).count());
}

/// The patient whom an answer showed; a search counts by the first that it found. What was refused counts by its status
/// alone, for whoever is held back sooner would learn who is there; and a bundle's record also names what it refused.
std::string patient_shown(const Exchange& x) {
  if (x.answer.status >= 400 || x.fhir.kind == FhirRequest::Kind::bundle) return "";
  const auto& subjects = x.record.subjects.inside().of;
  return subjects.empty() ? "" : subjects.front().patient;
}

void report(Exchange& x, const shield::AbuseEvent& suspicion) {
  audit::Record record{.event = std::string(audit::event::suspicion),
                       .outcome = audit::Outcome::unknown,
                       .ip = x.stream.peer().address.to_string(),
                       .request_id = x.request_id,
                       .cause = suspicion.reason};
  if (x.caller) {
    record.actor = actor_of(*x.caller);
    record.client = x.caller->client_id;
  }
  record.detail = {{"source", suspicion.source}, {"score", fmt::format("{:.0f}", suspicion.score)}};
  x.services.log.append_later(std::move(record));
}

/// Scores who asked. A known caller answers for itself: a clinic behind one address must not be slowed by one of its
/// people.
void watch(Exchange& x, std::string_view patient) {
  const bool credentials_given =
      !x.header("authorization").empty() || (x.route != nullptr && x.route->kind == RouteKind::oauth);
  const shield::Sighting sighting{.status = x.answer.status,
                                  .asked_id = x.fhir.id,
                                  .patient = patient,
                                  .credentials_wrong = x.answer.status == 401 && credentials_given};
  const MonoTime now = x.services.clock.mono();
  const auto suspicion =
      x.caller ? x.services.abuse.saw("subject", subject_key(*x.caller), sighting, now)
               : x.services.abuse.saw("address", shield::address_key(x.stream.peer().address), sighting, now);
  if (suspicion) report(x, *suspicion);
}

}  // namespace

std::string actor_of(const identity::Caller& caller) {
  const std::string& resource = caller.fhir_user;
  const bool of_a_patient = resource.starts_with("Patient/") || resource.starts_with("RelatedPerson/");
  return resource.empty() || of_a_patient ? caller.subject : resource;
}

std::string subject_key(const identity::Caller& caller) {
  return caller.outside ? caller.issuer + "|" + caller.subject : caller.subject;
}

boost::asio::awaitable<void> record_and_send(Exchange& x) {
  complete_record(x);
  const std::string patient = patient_shown(x);
  const bool wants_receipt = x.header("x-ward-receipt") == "1";
  Result<audit::Receipt> receipt = co_await make_durable(x);
  if (!receipt) {
    co_await send_closed(x);
    co_return;
  }
  net::ResponseHead head{.status = x.answer.status, .headers = headers_of(x)};
  if (wants_receipt) head.headers.emplace_back("x-ward-receipt", receipt->text());
  Buffer body;
  if (x.answer.body) body = std::move(*x.answer.body).release();
  const auto sent = co_await x.stream.send(std::move(head), std::move(body), std::move(*receipt).permit());
  // A client that left is no error of ours; its record says what was made for it.
  if (!sent && !sent.error().is("peer_gone") && !sent.error().is("write_timeout"))
    log::error("answer_not_sent", sent.error());
  count(x);
  watch(x, patient);
}

}  // namespace ward::door
