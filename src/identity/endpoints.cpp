// Which path is whose; the token endpoint (RFC 6749 section 3.2) and revocation (RFC 7009), as lists of checks.
#include "authorize/attempt.hpp"
#include "records.hpp"
#include "room.hpp"
#include "token/refresh_token.hpp"
#include "web/visit.hpp"

namespace ward::identity {
namespace {

constexpr Check before_client[] = {check_form, check_grant_type};
constexpr Check client_credentials_checks[] = {check_client_grant, check_dpop, check_resource, check_scope};
constexpr Check code_checks[] = {check_client_grant,  check_dpop,         check_code,      check_code_redirect_uri,
                                 check_code_verifier, check_code_binding, check_agreement, check_resource};
constexpr Check refresh_checks[] = {check_client_grant, check_dpop,          check_refresh_token, check_refresh_binding,
                                    check_agreement,    check_refresh_scope, check_resource};
constexpr Check only_form[] = {check_form};

std::vector<std::pair<std::string, std::string>> json_headers() {
  return {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}, {"Pragma", "no-cache"}};
}

bool has_word(std::string_view scope, std::string_view word) {
  return (" " + std::string(scope) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

using Page = boost::asio::awaitable<Answer> (*)(web::Visit&);
struct Place {
  std::string_view path;
  Page page;
};
constexpr Place places[] = {
    {"/login", web::login},
    {"/login/passkey/options", web::passkey_options},
    {"/login/passkey", web::passkey},
    {"/login/select", web::select_account},
    {"/login/second-factor", web::second_factor},
    {"/login/second-factor/passkey/options", web::passkey_options},
    {"/login/second-factor/passkey", web::passkey},
    {"/login/enrol", web::enrol},
    {"/login/enrol/totp", web::enrol_totp},
    {"/login/enrol/passkey/options", web::passkey_options},
    {"/login/enrol/passkey", web::passkey},
    {"/login/enrol/codes", web::enrol_codes},
    {"/login/enrol/done", web::enrol_done},
    {"/oauth/consent", web::consent},
    {"/oauth/patient", web::patient_picker},
    {"/logout", web::logout},
    {"/account", web::account},
    {"/account/stay", web::account},
    {"/account/sessions/end", web::account},
    {"/account/sessions/end-all", web::account},
    {"/account/apps/withdraw", web::account},
    {"/account/factors/remove", web::account},
    {"/account/recovery-codes", web::account},
    {"/account/password", web::account},
};

Answer method_not_allowed(std::string allow) {
  Answer answer{405, json_headers(), R"({"error":"invalid_request","error_description":"use )" + allow + "\"}", {}, {}};
  answer.headers.emplace_back("Allow", std::move(allow));
  answer.event = Event{"token_refused", false, {}, {}, {}, {}, "method"};
  return answer;
}

}  // namespace

bool Room::serves(std::string_view path) const {
  return path.starts_with("/oauth/") || path == "/login" || path.starts_with("/login/") || path == "/logout" ||
         path == "/account" || path.starts_with("/account/") || path == "/api/v1/launches";
}

boost::asio::awaitable<Answer> Room::serve(const FormRequest& request) {
  const bool get = request.method == "GET" || request.method == "HEAD", post = request.method == "POST";
  using Endpoint = boost::asio::awaitable<Answer> (Room::*)(const FormRequest&);
  struct Posted {
    std::string_view path;
    Endpoint endpoint;
  };
  static constexpr Posted posted[] = {{"/oauth/token", &Room::token},
                                      {"/oauth/revoke", &Room::revoke},
                                      {"/oauth/introspect", &Room::introspect},
                                      {"/oauth/par", &Room::push},
                                      {"/api/v1/launches", &Room::launch}};
  for (const Posted& one : posted) {
    if (one.path != request.path) continue;
    if (!post) co_return method_not_allowed("POST");
    Answer answer = co_await (this->*one.endpoint)(request);
    co_return answer;
  }
  if (!get && !post) co_return method_not_allowed("GET, POST");
  if (request.path == "/oauth/userinfo") {
    Answer answer = co_await userinfo(request);
    co_return answer;
  }
  if (request.path == "/oauth/authorize") {
    Answer answer = co_await web::authorize(request, *this);
    co_return answer;
  }
  auto arrived = web::arrive(request, *this);
  if (!arrived) co_return std::move(arrived.error());
  for (const Place& place : places) {
    if (place.path != request.path) continue;
    Answer answer = co_await place.page(**arrived);
    co_return answer;
  }
  co_return web::error_page(**arrived, 404, "error.not_found");
}

TokenPlan plan_for(const KnownClient& known, const scope::ScopeSet& granted, const Settings& settings) {
  const OAuthClient& client = known.client;
  TokenPlan plan;
  plan.kind = Caller::Kind::client;
  plan.subject = plan.client_id = client.client_id;
  plan.roles = client.roles;
  plan.scope = granted.text();
  plan.purpose = client.purpose;
  plan.generation = client.generation;
  plan.lifetime =
      client.access_token_lifetime.count() > 0 ? client.access_token_lifetime : settings.access_token_lifetime;
  return plan;
}

Attempt Room::attempt(const FormRequest& request, std::string_view endpoint, const Prepared& prepared,
                      const Snapshot& snapshot) {
  const Settings& settings = prepared.settings;
  const bool by_certificate = !request.certificate.empty() && !settings.mtls_base.empty();
  return Attempt{
      .request = request,
      .settings = settings,
      .directory = snapshot,
      .assertions = assertions_,
      .agreements = agreements_,
      .proofs = proofs_,
      .now = clock_.wall(),
      .refresh_key = refresh_key_,
      .endpoint = (by_certificate ? settings.mtls_base : settings.issuer) + "/oauth/" + std::string(endpoint)};
}

// RFC 6749 section 5.2.
Answer Room::refuse(const Attempt& attempt, const TokenError& error, std::string event_name) {
  Answer answer{error.status, json_headers(), {}, {}, {}};
  append_member(answer.body, "error", error.error);
  append_member(answer.body, "error_description", error.description);
  answer.body += '}';
  if (error.status == 401)
    answer.headers.emplace_back("WWW-Authenticate",
                                "Basic realm=\"" + attempt.settings.realm + "\", charset=\"UTF-8\"");
  if (error.status == 503) answer.headers.emplace_back("Retry-After", "60");
  if (error.error == "use_dpop_nonce") answer.headers.emplace_back("DPoP-Nonce", proofs_.nonce(attempt.now));
  const std::string named = attempt.client      ? attempt.client->client.client_id
                            : attempt.candidate ? attempt.candidate->client.client_id
                                                : std::string();
  answer.event =
      Event{std::move(event_name), false, {}, named, attempt.form.get("scope").value_or("").substr(0, 1024), {},
            error.reason};
  return answer;
}

boost::asio::awaitable<Answer> Room::token(const FormRequest& request) {
  const auto settings = prepared();
  const auto snapshot = directory_.now();
  Attempt current = attempt(request, "token", *settings, *snapshot);
  Refused refused = run(before_client, current);
  if (!refused) refused = co_await prove_client(current);
  if (refused) co_return refuse(current, *refused, "token_refused");
  const std::string grant = current.form.get("grant_type").value_or("");
  if (grant == "authorization_code") {
    Answer answer = co_await grant_code(current);
    co_return answer;
  }
  if (grant == "refresh_token") {
    Answer answer = co_await grant_refresh(current);
    co_return answer;
  }
  if (auto not_granted = run(client_credentials_checks, current))
    co_return refuse(current, *not_granted, "token_refused");
  co_return issue(current);
}

// RFC 6749 section 5.1.
Answer Room::issue(const Attempt& attempt) {
  TokenPlan plan = plan_for(*attempt.client, attempt.granted, attempt.settings);
  plan.key_thumbprint = attempt.key_thumbprint;
  if (attempt.client->client.tls_client_certificate_bound_access_tokens && attempt.certificate)
    plan.certificate_thumbprint = attempt.certificate->thumbprint();
  auto issued = tokens_.issue(attempt.settings, plan);
  if (!issued)
    return refuse(attempt, {503, "temporarily_unavailable", "the token could not be signed", "signing_failed"},
                  "token_refused");
  Answer answer{200, json_headers(), {}, {}, {}};
  append_member(answer.body, "access_token", issued->token);
  append_member(answer.body, "token_type", plan.key_thumbprint.empty() ? "Bearer" : "DPoP");
  append_raw(answer.body, "expires_in", std::to_string(plan.lifetime.count()));
  append_member(answer.body, "scope", plan.scope);
  answer.body += '}';
  if (!plan.key_thumbprint.empty()) answer.headers.emplace_back("DPoP-Nonce", proofs_.nonce(attempt.now));
  answer.event = Event{"token_issued", true, plan.subject, plan.client_id, plan.scope, issued->token_id, {}};
  return answer;
}

boost::asio::awaitable<Answer> Room::refuse_grant(const Attempt& attempt, const TokenError& error) {
  Answer answer = refuse(attempt, error, "token_refused");
  if (!attempt.ends_agreement) co_return answer;
  auto queued = agreements_.end(attempt.agreement->id);
  answer.also.push_back(
      Event{"tokens_revoked", true, attempt.agreement->username, attempt.agreement->client_id, {}, {}, error.reason});
  if (queued)
    if (auto done = co_await queued->done(); !done)
      co_return refuse(attempt, {503, "temporarily_unavailable", "try again", "store_failed"}, "token_refused");
  co_return answer;
}

boost::asio::awaitable<Answer> Room::grant_code(Attempt& attempt) {
  if (auto refused = run(code_checks, attempt)) {
    Answer answer = co_await refuse_grant(attempt, *refused);
    co_return answer;
  }
  Agreement& agreement = *attempt.agreement;
  const OAuthClient& client = attempt.client->client;
  const std::int64_t now = unix_seconds(attempt.now);
  const bool lasting = client.has_grant("refresh_token") &&
                       (has_word(agreement.scope, "offline_access") || has_word(agreement.scope, "online_access"));
  const std::string refresh = lasting ? make_refresh_token({agreement.id, 1}, refresh_key_, random_) : std::string();
  // A public client's refresh token is bound to its key; so is every one of a FAPI client.
  agreement.key_thumbprint = attempt.key_thumbprint;
  if (client.tls_client_certificate_bound_access_tokens && attempt.certificate)
    agreement.certificate_thumbprint = attempt.certificate->thumbprint();
  const std::int64_t ends =
      std::min(lasting ? now + refresh_idle : now + token_lifetime_max.count(), agreement.ends_at_last);
  const auto taken = agreements_.take_code(agreement, lasting ? hash_refresh_token(refresh) : std::string(), ends);
  if (taken.taken != Agreements::Taken::fresh) {
    attempt.ends_agreement = taken.taken == Agreements::Taken::used;
    Answer answer =
        co_await refuse_grant(attempt, invalid_grant("the code was used by another request", "code_replayed"));
    co_return answer;
  }
  auto queued = *taken.queued;
  if (auto done = co_await queued.done(); !done)
    co_return refuse(
        attempt,
        {503, "temporarily_unavailable", "the code's use could not be kept; ask for a new code", "store_failed"},
        "token_refused");
  const auto granted = scope::ScopeSet::parse(agreement.scope);
  if (granted) attempt.granted = *granted;
  co_return issue_to_person(attempt, agreement, refresh);
}

/// The same successor again. Whoever asked first may not have been answered yet: it must be on disk here too.
boost::asio::awaitable<Answer> Room::give_successor(Attempt& attempt) {
  auto queued = agreements_.keep(attempt.agreement->id);
  if (queued)
    if (auto done = co_await queued->done(); !done)
      co_return refuse(
          attempt,
          {503, "temporarily_unavailable", "the new refresh token could not be kept; try again", "store_failed"},
          "token_refused");
  co_return issue_to_person(attempt, *attempt.agreement, attempt.successor);
}

boost::asio::awaitable<Answer> Room::grant_refresh(Attempt& attempt) {
  Refused refused = run(refresh_checks, attempt);
  const std::int64_t now = unix_seconds(attempt.now);
  if (!refused && !has_word(attempt.agreement->scope, "offline_access") &&
      !sessions_.alive(attempt.agreement->username, attempt.agreement->session, now)) {
    refused = invalid_grant("online_access ended with the person's session", "session_over");
    attempt.ends_agreement = true;
  }
  if (refused) {
    Answer answer = co_await refuse_grant(attempt, *refused);
    co_return answer;
  }
  const Agreement agreement = *attempt.agreement;
  const std::string shown = attempt.form.get("refresh_token").value_or("");
  if (!attempt.successor.empty()) {
    Answer answer = co_await give_successor(attempt);
    co_return answer;
  }
  const std::int64_t ends = std::min(now + refresh_idle, agreement.ends_at_last);
  if (attempt.client->client.fapi) {  // FAPI 2.0 Security Profile section 5.3.2.1: bound, and not rotated
    agreements_.prolong(agreement.id, ends);
    co_return issue_to_person(attempt, agreement, shown);
  }
  const std::string next = make_refresh_token({agreement.id, agreement.refresh_number + 1}, refresh_key_, random_);
  const auto taken = agreements_.rotate(agreement.id, agreement.refresh_hash, hash_refresh_token(next),
                                        seal_successor(shown, next), now, ends);
  if (taken.taken != Agreements::Taken::fresh) {
    // Another request came first: this one is as a retry, or as a copy.
    Refused again = check_refresh_token(attempt);
    if (again) {
      Answer answer = co_await refuse_grant(attempt, *again);
      co_return answer;
    }
    if (attempt.successor.empty())
      co_return refuse(attempt, invalid_grant("the refresh token is over", "refresh_token_over"), "token_refused");
    Answer answer = co_await give_successor(attempt);
    co_return answer;
  }
  auto queued = *taken.queued;
  if (auto done = co_await queued.done(); !done)
    co_return refuse(
        attempt, {503, "temporarily_unavailable", "the new refresh token could not be kept; try again", "store_failed"},
        "token_refused");
  co_return issue_to_person(attempt, agreement, next);
}

Answer Room::issue_to_person(const Attempt& attempt, const Agreement& agreement, const std::string& refresh_token) {
  const Person* person = attempt.directory.person(agreement.username);
  TokenPlan plan = plan_for(*attempt.client, attempt.granted, attempt.settings);
  plan.kind = Caller::Kind::person;
  plan.subject = person->username;
  plan.fhir_user = person->fhir_user;
  plan.roles = person->roles;
  plan.purpose = person->purposes.empty() ? std::string() : person->purposes.front();
  plan.generation = person->generation;
  plan.agreement = agreement.id;
  plan.patient = agreement.patient;
  plan.encounter = agreement.encounter;
  plan.acr = agreement.acr;
  plan.auth_time = agreement.auth_time;
  plan.key_thumbprint = attempt.key_thumbprint;
  plan.certificate_thumbprint = agreement.certificate_thumbprint;
  auto issued = tokens_.issue(attempt.settings, plan);
  Result<std::string> id_token;
  if (has_word(agreement.scope, "openid"))
    id_token = tokens_.issue_id_token(
        attempt.settings,
        {.subject = person->username,
         .client_id = agreement.client_id,
         .nonce = agreement.nonce,
         .acr = agreement.acr,
         .amr = agreement.amr,
         .fhir_user = has_word(agreement.scope, "fhirUser") ? person->fhir_user : std::string(),
         .name = has_word(agreement.scope, "profile") ? person->name : std::string(),
         .preferred_username = has_word(agreement.scope, "profile") ? person->username : std::string(),
         .session = agreement.session,
         .auth_time = agreement.auth_time,
         .algorithm = attempt.client->client.id_token_signed_response_alg});
  if (!issued || !id_token)
    return refuse(attempt, {503, "temporarily_unavailable", "the token could not be signed", "signing_failed"},
                  "token_refused");
  Answer answer{200, json_headers(), {}, {}, {}};
  append_member(answer.body, "access_token", issued->token);
  append_member(answer.body, "token_type", plan.key_thumbprint.empty() ? "Bearer" : "DPoP");
  append_raw(answer.body, "expires_in", std::to_string(plan.lifetime.count()));
  append_member(answer.body, "scope", plan.scope);
  if (!id_token->empty()) append_member(answer.body, "id_token", *id_token);
  if (!refresh_token.empty()) append_member(answer.body, "refresh_token", refresh_token);
  if (!agreement.patient.empty()) append_member(answer.body, "patient", agreement.patient);
  if (!agreement.encounter.empty()) append_member(answer.body, "encounter", agreement.encounter);
  if (!agreement.context.empty()) answer.body += "," + agreement.context;
  answer.body += '}';
  if (!plan.key_thumbprint.empty()) answer.headers.emplace_back("DPoP-Nonce", proofs_.nonce(attempt.now));
  answer.event = Event{"token_issued",
                       true,
                       plan.subject,
                       plan.client_id,
                       plan.scope,
                       issued->token_id,
                       refresh_token.empty() ? std::string() : std::string("with a refresh token")};
  return answer;
}

boost::asio::awaitable<Answer> Room::revoke(const FormRequest& request) {
  const auto settings = prepared();
  const auto snapshot = directory_.now();
  Attempt current = attempt(request, "revoke", *settings, *snapshot);
  Refused refused = run(only_form, current);
  if (!refused) refused = co_await prove_client(current);
  if (refused) co_return refuse(current, *refused, "revocation_refused");
  const std::string client_id = current.client->client.client_id;
  const auto token = current.form.get("token");
  if (!token) co_return refuse(current, invalid_request("token is missing", "token_missing"), "revocation_refused");

  Answer answer{
      200, {{"Cache-Control", "no-store"}}, {}, Event{"token_revoked", true, client_id, client_id, {}, {}, {}}, {}};
  const TokenError foreign{400, "invalid_request", "the token was issued to another client", "token_of_another_client"};
  const TokenError not_kept{503, "temporarily_unavailable", "the revocation could not be kept; try again",
                            "store_failed"};
  // RFC 7009 section 2.1: with a refresh token goes all that it gave.
  if (const auto refresh = read_refresh_token(*token, refresh_key_)) {
    const auto agreement = agreements_.find(refresh->agreement);
    if (agreement && agreement->client_id != client_id) co_return refuse(current, foreign, "revocation_refused");
    answer.event.reason = agreement ? "refresh token" : "token_not_valid";
    auto queued = agreements_.end(refresh->agreement);
    if (queued)
      if (auto done = co_await queued->done(); !done) co_return refuse(current, not_kept, "revocation_refused");
    co_return answer;
  }
  // Section 2.2: a token that is no good is as revoked as it can be.
  auto caller = check_token(*token);
  if (!caller || caller->outside) {
    answer.event.reason = "token_not_valid";
    co_return answer;
  }
  if (caller->client_id != client_id)  // section 2.1: only its own
    co_return refuse(current, foreign, "revocation_refused");
  answer.event.token_id = caller->token_id;
  auto revoked = revoke_token(*caller);
  Result<void> kept;
  if (revoked)
    kept = co_await revoked->done();
  else
    kept = std::unexpected(revoked.error());
  if (!kept)
    co_return refuse(current, {503, "temporarily_unavailable", not_kept.description, std::string(kept.error().code())},
                     "revocation_refused");
  co_return answer;
}

boost::asio::awaitable<Answer> Room::push(const FormRequest& request) {
  const auto settings = prepared();
  const auto snapshot = directory_.now();
  Attempt current = attempt(request, "par", *settings, *snapshot);
  Refused refused = run(only_form, current);
  if (!refused) refused = co_await prove_client(current);
  if (!refused && !current.client->client.has_grant("authorization_code"))
    refused = TokenError{400, "unauthorized_client", "this client is not registered for authorization_code",
                         "grant_not_registered"};
  if (!refused && !request.dpop.empty()) refused = check_dpop(current);
  if (refused) co_return refuse(current, *refused, "push_refused");
  authorize::Attempt asked{.settings = settings->settings,
                           .directory = *snapshot,
                           .pushed = pushed_,
                           .launches = launches_,
                           .now = current.now,
                           .parameters = current.form,
                           .pushing = true,
                           .client = current.client,
                           .flow = {}};
  asked.flow.key_thumbprint = current.key_thumbprint;
  if (const auto wrong = authorize::run(asked))
    co_return refuse(current, {400, wrong->error, wrong->description, wrong->reason}, "push_refused");
  if (!current.key_thumbprint.empty() && asked.flow.key_thumbprint != current.key_thumbprint)
    co_return refuse(current,
                     {400, "invalid_dpop_proof", "dpop_jkt is another key than the proof's", "dpop_jkt_mismatch"},
                     "push_refused");
  const std::string id = random_.token(24);
  const std::int64_t now = unix_seconds(current.now);
  std::string parameters(request.body);
  if (!current.key_thumbprint.empty() && !current.form.get("dpop_jkt"))
    parameters += "&dpop_jkt=" + current.key_thumbprint;
  if (!pushed_.put(id, {current.client->client.client_id, std::move(parameters), now + Pushed::lifetime}, now))
    co_return refuse(current,
                     {503, "temporarily_unavailable", "too many requests are pushed at this moment", "pushed_full"},
                     "push_refused");
  Answer answer{201, json_headers(), {}, {}, {}};
  append_member(answer.body, "request_uri", std::string(Pushed::prefix) + id);
  append_raw(answer.body, "expires_in", std::to_string(Pushed::lifetime));
  answer.body += '}';
  answer.event = Event{"request_pushed", true, {}, current.client->client.client_id, asked.flow.scope, {}, {}};
  co_return answer;
}

}  // namespace ward::identity
