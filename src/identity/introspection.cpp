// What a token says, for those who may ask (RFC 7662, with SMART's members), and who signed in (OpenID Connect
// Core 5.3).
#include "records.hpp"
#include "room.hpp"
#include "token/refresh_token.hpp"

namespace ward::identity {
namespace {

constexpr Check only_form[] = {check_form};
constexpr std::string_view signed_type = "token-introspection+jwt";
constexpr std::string_view may_introspect = "ward/introspect";  // a scope word of resource servers' registrations

std::string described(const Caller& caller, const Settings& settings) {
  std::string body;
  append_raw(body, "active", "true");
  append_member(body, "iss", settings.issuer);
  append_member(body, "sub", caller.subject);
  append_member(body, "client_id", caller.client_id);
  append_member(body, "scope", caller.scope.text());
  append_member(body, "aud", settings.fhir_base);
  append_member(body, "token_type", caller.key_thumbprint.empty() ? "Bearer" : "DPoP");
  append_member(body, "jti", caller.token_id);
  append_raw(body, "iat", std::to_string(unix_seconds(caller.issued)));
  append_raw(body, "exp", std::to_string(unix_seconds(caller.expires)));
  if (!caller.username.empty()) append_member(body, "username", caller.username);
  if (!caller.fhir_user.empty()) append_member(body, "fhirUser", settings.fhir_base + "/" + caller.fhir_user);
  if (!caller.patient.empty()) append_member(body, "patient", caller.patient);
  if (const std::string act = acting(settings, caller.subject, caller.fhir_user, caller.patient); !act.empty())
    append_raw(body, "act", act);
  if (!caller.encounter.empty()) append_member(body, "encounter", caller.encounter);
  if (!caller.acr.empty()) append_member(body, "acr", caller.acr);
  if (caller.auth_time != 0) append_raw(body, "auth_time", std::to_string(caller.auth_time));
  std::string cnf;
  if (!caller.key_thumbprint.empty()) append_member(cnf, "jkt", caller.key_thumbprint);
  if (!caller.certificate_thumbprint.empty()) append_member(cnf, "x5t#S256", caller.certificate_thumbprint);
  if (!cnf.empty()) append_raw(body, "cnf", cnf + "}");
  return body + "}";
}

std::string described(const Agreement& agreement, const Settings& settings) {
  std::string body;
  append_raw(body, "active", "true");
  append_member(body, "iss", settings.issuer);
  append_member(body, "sub", agreement.username);
  append_member(body, "client_id", agreement.client_id);
  append_member(body, "scope", agreement.scope);
  append_raw(body, "exp", std::to_string(agreement.ends));
  return body + "}";
}

}  // namespace

boost::asio::awaitable<Answer> Room::introspect(const FormRequest& request) {
  const auto settings = prepared();
  const auto snapshot = directory_.now();
  Attempt current = attempt(request, "introspect", *settings, *snapshot);
  Refused refused = run(only_form, current);
  if (!refused) refused = co_await prove_client(current);
  if (!refused && current.client->client.authentication == ClientAuthentication::none)
    refused = invalid_client("public_client", "introspection needs a client that proves itself");
  if (refused) co_return refuse(current, *refused, "introspection_refused");
  const OAuthClient& client = current.client->client;
  const auto token = current.form.get("token");
  if (!token) co_return refuse(current, invalid_request("token is missing", "token_missing"), "introspection_refused");
  // Section 2.2: what is not active, and what is not the asker's to know, are one answer.
  Answer answer{
      200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, R"({"active":false})", {}, {}};
  answer.event = Event{"token_introspected", true, client.client_id, client.client_id, {}, {}, "not active"};
  const bool any = current.client->scope.has(may_introspect);
  if (const auto refresh = read_refresh_token(*token, refresh_key_)) {
    const auto agreement = agreements_.find(refresh->agreement);
    const bool good = agreement && agreement->ends > unix_seconds(current.now) &&
                      agreement->client_id == client.client_id &&
                      constant_time_equal(hash_refresh_token(*token), agreement->refresh_hash);
    if (good) answer.body = described(*agreement, settings->settings);
  } else if (auto caller = check_token(*token);
             caller && !caller->outside && (any || caller->client_id == client.client_id)) {
    answer.body = described(*caller, settings->settings);
    answer.event.token_id = caller->token_id;
    answer.event.reason.clear();
  }
  if (request.accept.find(signed_type) != request.accept.npos) co_return sign_introspection(current, std::move(answer));
  co_return answer;
}

// RFC 9701 section 5: the same, signed for the one who asked.
Answer Room::sign_introspection(const Attempt& attempt, Answer answer) {
  auto token = tokens_.issue_introspection(attempt.settings, attempt.client->client.client_id, answer.body);
  if (!token)
    return refuse(attempt, {503, "temporarily_unavailable", "the answer could not be signed", "signing_failed"},
                  "introspection_refused");
  answer.headers.front().second = "application/" + std::string(signed_type);
  answer.body = std::move(*token);
  return answer;
}

boost::asio::awaitable<Answer> Room::userinfo(const FormRequest& request) {
  const auto settings = prepared();
  const auto checked = authenticator(1)->authenticate({.authorization = request.authorization,
                                                       .dpop = request.dpop,
                                                       .method = request.method,
                                                       .path = request.path,
                                                       .certificate = request.certificate});
  Answer answer{200, {{"content-type", "application/json"}, {"cache-control", "no-store"}}, {}, {}, {}};
  if (!checked) {
    answer.status = checked.error().status;
    answer.headers.insert(answer.headers.end(), checked.error().headers.begin(), checked.error().headers.end());
    answer.body = R"({"error":"invalid_token"})";
    answer.event = Event{"userinfo_refused", false, {}, {}, {}, {}, checked.error().code};
    co_return answer;
  }
  const Caller& caller = **checked;
  if (!caller.scope.has("openid")) {
    answer.status = 403;
    answer.headers.emplace_back("www-authenticate", insufficient_scope(settings->settings, "openid"));
    answer.body = R"({"error":"insufficient_scope"})";
    answer.event = Event{"userinfo_refused", false, caller.subject, caller.client_id, {}, caller.token_id, "scope"};
    co_return answer;
  }
  append_member(answer.body, "sub", caller.subject);
  if (caller.scope.has("fhirUser") && !caller.fhir_user.empty())
    append_member(answer.body, "fhirUser", settings->settings.fhir_base + "/" + caller.fhir_user);
  const auto snapshot = directory_.now();
  const Person* person = snapshot->person(caller.subject);
  if (caller.scope.has("profile") && person != nullptr) {
    append_member(answer.body, "preferred_username", person->username);
    if (!person->name.empty()) append_member(answer.body, "name", person->name);
  }
  answer.body += '}';
  answer.event = Event{"userinfo", true, caller.subject, caller.client_id, {}, caller.token_id, {}};
  co_return answer;
}

}  // namespace ward::identity
