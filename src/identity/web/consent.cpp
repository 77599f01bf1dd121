// What an app asks for, in the person's words; what is granted is what was ticked.
#include "web/scope_parts.hpp"

namespace ward::identity::web {
namespace {

std::vector<ScopePart> choices_of(const Visit& visit) {
  return scope_parts(visit, visit.flow->scope, visit.flow->patient);
}

std::string lasts(const Visit& visit) {
  const std::string scope = " " + visit.flow->scope + " ";
  if (scope.find(" offline_access ") != scope.npos)
    return pages::text(visit.language, "consent.lasts_days", {{"days", std::to_string(refresh_ends_at_last / 86400)}});
  if (scope.find(" online_access ") != scope.npos) return pages::text(visit.language, "consent.lasts_once");
  const auto minutes = std::max<long>(1, visit.settings().access_token_lifetime.count() / 60);
  return pages::text(visit.language, "consent.lasts_minutes", {{"minutes", std::to_string(minutes)}});
}

Answer consent_page(Visit& visit, const KnownClient& app, std::string_view problem, int status) {
  pages::Model model;
  const OAuthClient& client = app.client;
  model.set("app_name", client.name.empty() ? client.client_id : client.name).set("app_owner", client.owner);
  model.set("app_contact", client.contact).set("policy_url", client.policy_uri);
  model.set("who", visit.person->name.empty() ? visit.person->username : visit.person->name);
  model.set("lasts", lasts(visit)).set("problem", problem);
  std::size_t number = 0;
  for (const ScopePart& choice : choices_of(visit)) {
    pages::Model& part = model.add("parts");
    part.set("field", "part" + std::to_string(number++)).set("value", choice.scope);
    part.set("title", choice.part.title).set("detail", choice.part.detail);
    part.set("sensitive", choice.part.sensitive).set("required", choice.required).set("checked", true);
  }
  return page(visit, "consent", model, status);
}

/// The ticked parts; what was not offered cannot be ticked.
std::string ticked(const Visit& visit) {
  std::string scope;
  std::size_t number = 0;
  for (const ScopePart& choice : choices_of(visit)) {
    const bool is_ticked = visit.form.get("part" + std::to_string(number++)) == choice.scope;
    if (is_ticked || choice.required) scope += (scope.empty() ? "" : " ") + choice.scope;
  }
  const auto parsed = scope::ScopeSet::parse(scope);
  return parsed ? parsed->text() : std::string();
}

}  // namespace

boost::asio::awaitable<Answer> consent(Visit& visit) {
  const KnownClient* app = visit.app();
  if (app == nullptr) co_return error_page(visit, 400, "error.expired");
  if (!visit.signed_in()) {
    Answer answer = co_await proceed(visit);
    co_return answer;
  }
  if (visit.request.method != "POST") co_return consent_page(visit, *app, "", 200);
  const std::string decision = visit.form.get("decision").value_or("");
  if (decision == "deny") co_return refuse_flow(visit, "access_denied", "the person did not agree", "consent_denied");
  const std::string scope = ticked(visit);
  if (decision != "allow") co_return consent_page(visit, *app, "", 400);
  if (scope.empty()) co_return consent_page(visit, *app, "consent.nothing", 400);
  auto queued = visit.room.consents().give(visit.person->username, app->client, scope, visit.seconds);
  if (auto done = co_await queued.done(); !done)
    co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  visit.flow->scope = scope;
  visit.flow->person = visit.person->username;
  visit.flow->prompt_consent = false;
  const Event given{"consent_given", true, visit.person->username, visit.flow->client_id, scope, {}, {}};
  Answer answer = co_await proceed(visit);
  answer.also.push_back(given);
  co_return answer;
}

}  // namespace ward::identity::web
