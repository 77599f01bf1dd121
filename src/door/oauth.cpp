// The authorization server and its pages: identity decides, the door sends and records.
#include "handlers.hpp"
#include "picker.hpp"
#include "services.hpp"

namespace ward::door {
namespace {

struct Name {
  std::string_view identity, audit;
};
/// Identity's words for what happened, and the log's.
constexpr Name names[] = {{"token_issued", audit::event::token_issued},
                          {"token_revoked", audit::event::token_revoked},
                          {"tokens_revoked", audit::event::token_revoked},
                          {"login", audit::event::login},
                          {"login_failed", audit::event::login_failed},
                          {"login_paused", audit::event::login_paused},
                          {"logout", audit::event::logout},
                          {"factor_changed", audit::event::factor_changed},
                          {"factor_refused", audit::event::factor_changed},
                          {"consent_given", audit::event::consent_given},
                          {"consent_withdrawn", audit::event::consent_withdrawn},
                          {"code_issued", audit::event::code_issued},
                          {"authorization_refused", audit::event::authorization_refused},
                          {"request_pushed", audit::event::request_pushed},
                          {"launch_begun", audit::event::launch_begun},
                          {"token_introspected", audit::event::token_introspected},
                          {"userinfo", audit::event::request},
                          {"page", audit::event::request},
                          {"page_refused", audit::event::refusal},
                          {"userinfo_refused", audit::event::refusal},
                          {"launch_refused", audit::event::refusal}};

std::string_view event_of(const identity::Event& event) {
  for (const Name& one : names)
    if (one.identity == event.name) return one.audit;
  return audit::event::token_refused;
}

void record_event(audit::Record& record, const identity::Event& event) {
  record.event = event_of(event);
  record.outcome = event.success ? audit::Outcome::success : audit::Outcome::refused;
  if (event.success)
    record.actor = event.actor;
  else if (!event.actor.empty())
    record.detail.emplace_back("claimed", event.actor);
  record.client = event.client_id;
  record.jti = event.token_id;
  if (!event.scope.empty()) record.detail.emplace_back("scope", event.scope);
  if (!event.reason.empty()) record.cause = event.reason;
}

/// What else happened: records of their own, each durable before the answer's, which comes behind them.
boost::asio::awaitable<Allowed<void>> record_also(Exchange& x, const std::vector<identity::Event>& events) {
  for (const identity::Event& event : events) {
    audit::Record record{.ip = x.stream.peer().address.to_string(), .request_id = x.request_id};
    record_event(record, event);
    const auto receipt = co_await x.services.log.append(std::move(record));
    if (!receipt)
      co_return refuse({.status = 503,
                        .code = std::string(receipt.error().code()),
                        .kind = CauseKind::internal,
                        .cause = "audit log",
                        .headers = {{"retry-after", "2"}}});
  }
  co_return Allowed<void>{};
}

std::string path_of(const Exchange& x) {
  std::string path = x.route->path_template();
  for (const std::string& segment : x.rest) path += "/" + segment;
  return path;
}

std::vector<identity::EmergencyAccess> find_emergencies(const Exchange& x, const identity::Caller& caller) {
  constexpr std::size_t shown_max = 50;
  std::vector<identity::EmergencyAccess> shown;
  if (!caller.fhir_user.starts_with("Patient/")) return shown;
  for (const Emergency& one : x.services.emergencies.about(caller.fhir_user.substr(8)))
    if (shown.size() < shown_max) shown.push_back({one.person, one.from_ms / 1000});
  return shown;
}

identity::FormRequest request_of(Exchange& x, const std::string& path) {
  return {.content_type = x.header("content-type"),
          .authorization = x.header("authorization"),
          .body = x.content.bytes.view(),
          .has_query = x.stream.head().has_query,
          .method = x.stream.head().method,
          .path = path,
          .query = x.stream.head().query,
          .dpop = x.header("dpop"),
          .cookie = x.header("cookie"),
          .origin = x.header("origin"),
          .fetch_site = x.header("sec-fetch-site"),
          .accept = x.header("accept"),
          .accept_language = x.header("accept-language"),
          .user_agent = x.header("user-agent"),
          .address = x.stream.peer().address.to_string(),
          .certificate = x.stream.peer().client_certificate_der,
          .certificate_verified = x.stream.peer().client_certificate_verified,
          .find_patients = [&x](const identity::Caller& caller,
                                std::string query) { return find_patients(x, caller, std::move(query)); },
          .find_delegates = [&x](const identity::Caller& caller) { return find_delegates(x, caller); },
          .find_emergencies = [&x](const identity::Caller& caller) { return find_emergencies(x, caller); }};
}

/// Headers of which two would have two readings.
bool is_ambiguous(const Exchange& x) {
  for (const std::string_view name : {"authorization", "dpop", "cookie", "origin"})
    if (x.stream.head().count(name) > 1) return true;
  return false;
}

}  // namespace

boost::asio::awaitable<Allowed<void>> handle_oauth(Exchange& x) {
  const std::string path = path_of(x);
  if (path == "/oauth/jwks") co_return handle_documents(x);
  if (!x.services.identity.serves(path))
    co_return refuse({.status = 404,
                      .code = "not_found",
                      .kind = CauseKind::protocol,
                      .cause = "path",
                      .issues = {{.code = "not-found", .diagnostics = "there is nothing under this path"}}});
  if (is_ambiguous(x))
    co_return refuse(
        {.status = 400,
         .code = "request_malformed",
         .kind = CauseKind::protocol,
         .cause = "a header twice",
         .issues = {{.code = "invalid", .diagnostics = "one Authorization, DPoP, Cookie and Origin header at most"}}});
  const identity::FormRequest request = request_of(x, path);
  identity::Answer answer = co_await x.services.identity.serve(request);
  x.record.route = answer.status == 404 ? "/unknown" : path;
  Allowed<void> recorded = co_await record_also(x, answer.also);
  if (!recorded) co_return recorded;
  record_event(x.record, answer.event);
  x.answer.status = answer.status;
  x.answer.headers = std::move(answer.headers);
  x.answer.body = x.shown.empty() ? access::Sendable::without_phi(Buffer(answer.body))
                                  : access::Sendable::drawn_from(std::move(x.shown), Buffer(answer.body));
  co_return Allowed<void>{};
}

}  // namespace ward::door
