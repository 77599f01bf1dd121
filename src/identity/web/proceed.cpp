// Where a flow stands, and what comes next: sign-in, patient, consent, code.
#include "base/encoding.hpp"
#include "records.hpp"
#include "web/visit.hpp"

namespace ward::identity::web {
namespace {

constexpr std::int64_t code_lifetime = 60;

/// Whether the sign-in is what the app asked for (OpenID Connect Core section 3.1.2.3).
bool is_fresh(const Visit& visit, const Flow& flow) {
  const std::int64_t began = flow.created / 1000;
  if (flow.prompt_login || flow.prompt_select_account) return visit.session->auth_time >= began;  // or has chosen
  return flow.max_age < 0 || visit.session->auth_time >= began - flow.max_age;
}

bool needs_patient(const Flow& flow) {
  const auto scope = scope::ScopeSet::parse(flow.scope);
  if (!scope) return false;
  if (scope->has("launch/patient")) return true;
  return std::ranges::any_of(scope->resources(),
                             [](const auto& one) { return one.context == scope::Context::patient; });
}

/// A patient's own record needs no choice. Staff choose one in the picker.
bool choose_patient(Visit& visit, Flow& flow) {
  if (!flow.patient.empty() || !needs_patient(flow)) return true;
  constexpr std::string_view prefix = "Patient/";
  if (!visit.person->fhir_user.starts_with(prefix)) return false;
  flow.patient = visit.person->fhir_user.substr(prefix.size());
  flow.person = visit.person->username;
  return true;
}

Agreement agreement_of(const Visit& visit, const Flow& flow, const KnownClient& app, std::string code_hash) {
  const Session& session = *visit.session;
  return Agreement{.id = visit.room.random().token(16),
                   .username = visit.person->username,
                   .client_id = flow.client_id,
                   .scope = flow.scope,
                   .patient = flow.patient,
                   .encounter = flow.encounter,
                   .context = flow.context,
                   .session = session.id,
                   .acr = acr_of(session.amr),
                   .amr = session.amr,
                   .auth_time = session.auth_time,
                   .nonce = flow.nonce,
                   .person_generation = visit.person->generation,
                   .client_generation = app.client.generation,
                   .created = visit.seconds,
                   .ends = visit.seconds + code_lifetime + 1,
                   .ends_at_last = visit.seconds + refresh_ends_at_last,
                   .key_thumbprint = flow.key_thumbprint,
                   .certificate_thumbprint = {},
                   .code_hash = std::move(code_hash),
                   .redirect_uri = flow.redirect_uri,
                   .code_challenge = flow.code_challenge,
                   .code_ends = visit.seconds + code_lifetime,
                   .refresh_hash = {},
                   .previous_hash = {},
                   .successor = {}};
}

boost::asio::awaitable<Answer> give_code(Visit& visit, const KnownClient& app) {
  const Flow& flow = *visit.flow;
  if (!flow.launch.empty() && !visit.room.launches().take(flow.launch, visit.seconds))
    co_return refuse_flow(visit, "invalid_request", "launch was used by another request", "launch_used");
  const std::string code = visit.room.random().token(32);
  auto queued = visit.room.agreements().add(agreement_of(visit, flow, app, hash_hex(code)), visit.seconds);
  if (!queued) co_return refuse_flow(visit, "temporarily_unavailable", queued.error().message(), "agreements_full");
  if (auto done = co_await queued->done(); !done)
    co_return refuse_flow(visit, "temporarily_unavailable", "the code could not be kept; try again", "store_failed");
  Answer answer = respond(visit, flow, {{"code", code}});
  answer.event = Event{"code_issued", true, visit.person->username, flow.client_id, flow.scope, {}, {}};
  co_return answer;
}

}  // namespace

boost::asio::awaitable<Answer> proceed(Visit& visit) {
  if (!visit.flow) co_return go(visit, "/account");
  Flow& flow = *visit.flow;
  const KnownClient* app = visit.app();
  if (app == nullptr || app->client.disabled || !app->client.has_grant("authorization_code"))
    co_return error_page(visit, 400, "error.client_unknown", "invalid_client", "the client is gone or disabled");
  if (!visit.signed_in() || !is_fresh(visit, flow)) {
    if (flow.prompt_none) co_return refuse_flow(visit, "login_required", "nobody is signed in", "login_required");
    co_return go(visit, with_flow(visit, "/login"));
  }
  // OpenID Connect Core section 3.1.2.1: nobody else's sign-in answers for the person whom the app means.
  if (!flow.subject.empty() && flow.subject != visit.person->username)
    co_return refuse_flow(visit, "login_required", "another person is signed in than claims asks for", "claims_sub");
  if (!flow.person.empty() && flow.person != visit.person->username) co_return error_page(visit, 400, "error.expired");
  if (const auto launch = visit.room.launches().find(flow.launch, visit.seconds);
      launch && !launch->username.empty() && launch->username != visit.person->username)
    co_return refuse_flow(visit, "access_denied", "the EHR began this launch for another person", "launch_of_another");
  if (!choose_patient(visit, flow)) {
    if (flow.prompt_none)
      co_return refuse_flow(visit, "interaction_required", "a patient must be chosen", "patient_required");
    co_return go(visit, with_flow(visit, "/oauth/patient"));
  }
  if (!visit.room.consents().covers(visit.person->username, app->client, flow)) {
    if (flow.prompt_none)
      co_return refuse_flow(visit, "consent_required", "the person has not agreed yet", "consent_required");
    co_return go(visit, with_flow(visit, "/oauth/consent"));
  }
  Answer answer = co_await give_code(visit, *app);
  co_return answer;
}

Answer refuse_flow(Visit& visit, std::string_view error, std::string_view description, std::string_view reason) {
  const Flow& flow = *visit.flow;
  Answer answer =
      respond(visit, flow, {{"error", std::string(error)}, {"error_description", std::string(description)}});
  answer.event =
      Event{"authorization_refused", false,      visit.person != nullptr ? visit.person->username : std::string(),
            flow.client_id,          flow.scope, {},
            std::string(reason)};
  return answer;
}

Answer respond(Visit& visit, const Flow& flow, std::vector<std::pair<std::string, std::string>> parameters) {
  if (!flow.state.empty()) parameters.emplace_back("state", flow.state);
  parameters.emplace_back("iss", visit.settings().issuer);
  if (flow.response_mode == "form_post") {
    pages::Model model;
    model.set("action", flow.redirect_uri);
    for (const auto& [name, value] : parameters) model.add("fields").set("name", name).set("value", value);
    return page(visit, "form-post", model);
  }
  std::string location = flow.redirect_uri;
  char separator = location.find('?') == location.npos ? '?' : '&';
  for (const auto& [name, value] : parameters) {
    location += separator + name + "=" + percent_encode(value);
    separator = '&';
  }
  return go(visit, std::move(location));
}

}  // namespace ward::identity::web
