// The token endpoint (RFC 6749 section 3.2) and the revocation endpoint (RFC 7009), as lists of checks.
#include "room.hpp"

#include "records.hpp"

namespace ward::identity {
namespace {

constexpr Check before_client[] = {check_form, check_grant_type};
constexpr Check after_client[] = {check_client_grant, check_resource, check_scope};
constexpr Check revocation[] = {check_form};

std::vector<std::pair<std::string, std::string>> json_headers() {
  return {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}, {"Pragma", "no-cache"}};
}

// RFC 6749 section 5.2.
Answer refuse(const Attempt& attempt, const TokenError& error, std::string event_name) {
  Answer answer{error.status, json_headers(), {}, {}};
  append_member(answer.body, "error", error.error);
  append_member(answer.body, "error_description", error.description);
  answer.body += '}';
  if (error.status == 401)
    answer.headers.emplace_back("WWW-Authenticate",
                                "Basic realm=\"" + attempt.settings.realm + "\", charset=\"UTF-8\"");
  if (error.status == 503) answer.headers.emplace_back("Retry-After", "60");
  const std::string named = attempt.client      ? attempt.client->client.client_id
                            : attempt.candidate ? attempt.candidate->client.client_id
                                                : std::string();
  answer.event =
      Event{std::move(event_name), false, {}, named, attempt.form.get("scope").value_or("").substr(0, 1024), {},
            error.reason};
  return answer;
}

}  // namespace

TokenPlan plan_for(const KnownClient& known, const scope::ScopeSet& granted, const Settings& settings) {
  const OAuthClient& client = known.client;
  const auto lifetime =
      client.access_token_lifetime.count() > 0 ? client.access_token_lifetime : settings.access_token_lifetime;
  return {Caller::Kind::client, client.client_id, client.client_id,  {},      client.roles,
          granted.text(),       client.purpose,   client.generation, lifetime};
}

Attempt Room::attempt(const FormRequest& request, const Prepared& prepared, const Snapshot& snapshot) {
  return Attempt{request, prepared.settings, snapshot, assertions_, clock_.wall(), {}, {}, {}, {}, {}, nullptr,
                 {},      nullptr,           {}};
}

Answer Room::token(const FormRequest& request) {
  const auto settings = prepared();
  const auto snapshot = directory_.now();
  Attempt current = attempt(request, *settings, *snapshot);
  Refused refused = run(before_client, current);
  if (!refused) refused = run(client_checks, current);
  if (!refused) refused = run(after_client, current);
  if (refused) return refuse(current, *refused, "token_refused");
  return issue(current);
}

// RFC 6749 section 5.1.
Answer Room::issue(const Attempt& attempt) {
  const TokenPlan plan = plan_for(*attempt.client, attempt.granted, attempt.settings);
  auto issued = tokens_.issue(attempt.settings, plan);
  if (!issued)
    return refuse(attempt, {503, "temporarily_unavailable", "the token could not be signed", "signing_failed"},
                  "token_refused");
  Answer answer{200, json_headers(), {}, {}};
  append_member(answer.body, "access_token", issued->token);
  append_member(answer.body, "token_type", "Bearer");
  append_raw(answer.body, "expires_in", std::to_string(plan.lifetime.count()));
  append_member(answer.body, "scope", plan.scope);
  answer.body += '}';
  answer.event = Event{"token_issued", true, plan.subject, plan.client_id, plan.scope, issued->token_id, {}};
  return answer;
}

Answer Room::revoke(const FormRequest& request) {
  const auto settings = prepared();
  const auto snapshot = directory_.now();
  Attempt current = attempt(request, *settings, *snapshot);
  Refused refused = run(revocation, current);
  if (!refused) refused = run(client_checks, current);
  if (refused) return refuse(current, *refused, "revocation_refused");
  const std::string client_id = current.client->client.client_id;
  const auto token = current.form.get("token");
  if (!token) return refuse(current, invalid_request("token is missing", "token_missing"), "revocation_refused");

  Answer answer{
      200, {{"Cache-Control", "no-store"}}, {}, Event{"token_revoked", true, client_id, client_id, {}, {}, {}}};
  // RFC 7009 section 2.2: a token that is no good is as revoked as it can be.
  auto caller = check_token(*token);
  if (!caller || caller->outside) {
    answer.event.reason = "token_not_valid";
    return answer;
  }
  if (caller->client_id != client_id)  // section 2.1: only its own
    return refuse(current,
                  {400, "invalid_request", "the token was issued to another client", "token_of_another_client"},
                  "revocation_refused");
  if (auto revoked = revoke_token(*caller); !revoked)
    return refuse(current,
                  {503, "temporarily_unavailable", "the revocation could not be kept; try again",
                   std::string(revoked.error().code())},
                  "revocation_refused");
  answer.event.token_id = caller->token_id;
  return answer;
}

}  // namespace ward::identity
