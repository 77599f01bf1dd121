// What an app asks for, in the person's words; what is granted is what was ticked.
#include "pages/scopes.hpp"
#include "web/visit.hpp"

namespace ward::identity::web {
namespace {

/// Scopes without which the app would not know whom it serves: always included once the person agrees.
bool is_required(std::string_view word) { return word == "openid" || word == "launch" || word.starts_with("launch/"); }

std::string_view level_of(scope::Context context) {
  return context == scope::Context::patient ? "patient" : context == scope::Context::user ? "user" : "system";
}

std::string letters_of(const scope::Actions& actions) {
  std::string letters;
  if (actions.create) letters += 'c';
  if (actions.read) letters += 'r';
  if (actions.update) letters += 'u';
  if (actions.remove) letters += 'd';
  if (actions.search) letters += 's';
  return letters;
}

struct Choice {
  std::string scope;
  pages::Part part;
  bool required = false;
};

std::vector<Choice> choices_of(const Visit& visit) {
  std::vector<Choice> choices;
  const auto scope = scope::ScopeSet::parse(visit.flow->scope);
  if (!scope) return choices;
  for (const std::string& word : scope->words())
    choices.push_back(
        {word, pages::describe_word(visit.language, word, refresh_ends_at_last / 86400), is_required(word)});
  for (const scope::ResourceScope& one : scope->resources()) {
    const std::string text = scope::text(one);
    const auto mark = text.find('?');
    choices.push_back(
        {text, pages::describe_scope(visit.language, level_of(one.context), one.type, letters_of(one.actions),
                                     mark == text.npos ? "" : std::string_view(text).substr(mark + 1))});
  }
  return choices;
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
  for (const Choice& choice : choices_of(visit)) {
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
  for (const Choice& choice : choices_of(visit)) {
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
