// A person's own account: what they sign in with, where they are signed in, and which apps have access.
#include "base/encoding.hpp"
#include "factors/password_rules.hpp"
#include "web/scope_parts.hpp"

namespace ward::identity::web {
namespace {

std::string day(std::int64_t seconds) {
  return seconds == 0 ? std::string() : rfc3339(WallTime(std::chrono::seconds(seconds))).substr(0, 10);
}
std::string minute(std::int64_t seconds) {
  std::string text = rfc3339(WallTime(std::chrono::seconds(seconds))).substr(0, 16) + " UTC";
  text[10] = ' ';
  return text;
}

void add_factors(const Factors& factors, pages::Model& model) {
  const bool several = factors.passkeys.size() + (factors.totp_secret.empty() ? 0 : 1) > 1;
  if (!factors.totp_secret.empty())
    model.add("factors")
        .set("id", "totp")
        .set("kind", "totp")
        .set("added", day(factors.totp_added))
        .set("last_used", day(factors.totp_used))
        .set("removable", several);
  for (const Passkey& one : factors.passkeys)
    model.add("factors")
        .set("id", base64url_encode(one.credential.id))
        .set("kind", "passkey")
        .set("label", one.label)
        .set("added", day(one.added))
        .set("last_used", day(one.used))
        .set("removable", several);
  if (!factors.recovery.empty())
    model.add("factors").set("kind", "recovery").set("label", std::to_string(factors.recovery.size()));
}

/// "See your allergies; See your diagnoses and health problems"
std::string scopes_in_words(const Visit& visit, const Agreement& agreement) {
  std::string words;
  for (const ScopePart& one : scope_parts(visit, agreement.scope, agreement.patient))
    if (!one.required) words += (words.empty() ? "" : "; ") + one.part.title;
  return words;
}

void add_apps(Visit& visit, pages::Model& model) {
  std::map<std::string, Agreement> newest;
  for (Agreement& one : visit.room.agreements().of_person(visit.person->username, visit.seconds))
    if (one.code_used) newest.insert_or_assign(one.client_id, std::move(one));
  for (const auto& [client_id, one] : newest) {
    const KnownClient* app = visit.directory->client(client_id);
    model.add("apps")
        .set("id", client_id)
        .set("name", app != nullptr ? app->client.name : client_id)
        .set("scopes", scopes_in_words(visit, one))
        .set("since", day(one.created))
        .set("last_used", day(one.refreshed));
  }
}

constexpr std::string_view account_client = "ward-account";  // in records: no app asked

bool is_patient(const Person& person) { return person.fhir_user.starts_with("Patient/"); }
bool is_delegate(const Person& person) { return person.fhir_user.starts_with("RelatedPerson/"); }

/// Who may act for a patient, and for whom a delegate may. What cannot be looked up is left out.
boost::asio::awaitable<void> look_up_delegates(Visit& visit) {
  if (is_patient(*visit.person) && visit.request.find_delegates) {
    const Caller caller = caller_of(visit, account_client, "patient/RelatedPerson.rs user/RelatedPerson.rs");
    auto found = co_await visit.request.find_delegates(caller);
    if (found) visit.delegates = std::move(*found);
  }
  if (is_delegate(*visit.person) && visit.request.find_patients) {
    const Caller caller = caller_of(visit, account_client, "user/Patient.rs");
    auto found = co_await visit.request.find_patients(caller, "");
    if (found) visit.acts_for = std::move(found->found);
  }
}

/// Of those whom the record names, who can sign in.
void add_delegates(const Visit& visit, pages::Model& model) {
  model.set("patient", is_patient(*visit.person)).set("delegate", is_delegate(*visit.person));
  for (const PatientChoice& one : visit.acts_for)
    model.add("patients").set("name", one.name).set("birth_date", one.birth_date);
  if (visit.delegates.empty()) return;
  std::set<std::string_view> sign_in;  // one walk through all people, whatever their number
  for (const auto& [username, one] : visit.directory->people)
    if (!one->disabled && one->fhir_user.starts_with("RelatedPerson/")) sign_in.insert(one->fhir_user);
  for (const Delegate& one : visit.delegates)
    if (sign_in.contains(one.fhir_user)) model.add("delegates").set("name", one.name).set("relation", one.relation);
}

/// Who broke the glass to the patient's record: they are told of each.
void add_emergencies(const Visit& visit, pages::Model& model) {
  if (!is_patient(*visit.person) || !visit.request.find_emergencies) return;
  for (const EmergencyAccess& one : visit.request.find_emergencies(caller_of(visit, account_client, ""))) {
    std::string name = one.person;
    for (const auto& [username, person] : visit.directory->people)
      if (person->fhir_user == one.person && !person->name.empty()) name = person->name;
    model.add("emergencies").set("name", name).set("when", minute(one.at));
  }
}

boost::asio::awaitable<Answer> account_page(Visit& visit, std::string_view notice, std::string_view problem,
                                            int status) {
  co_await look_up_delegates(visit);
  pages::Model model;
  const Person& person = *visit.person;
  model.set("name", person.name.empty() ? person.username : person.name).set("username", person.username);
  model.set("role", person.roles.empty() ? "" : person.roles.front());
  model.set("notice", notice).set("problem", problem).set("add_factor_url", "/login/enrol");
  add_factors(visit.room.factors().find(person.username).value_or(Factors{}), model);
  for (const Session& one : visit.room.sessions().of_person(person.username, visit.seconds))
    model.add("sessions")
        .set("id", one.id)
        .set("device", one.device)
        .set("network", one.network)
        .set("started", minute(one.created))
        .set("last_seen", minute(one.seen))
        .set("current", one.hash == visit.session->hash);
  add_apps(visit, model);
  add_delegates(visit, model);
  add_emergencies(visit, model);
  for (const SignIn& one : visit.room.history().of_person(person.username)) {
    std::string where = one.where.empty() ? std::string(pages::text(visit.language, "history.many")) : one.where;
    if (one.count > 1) where += " × " + std::to_string(one.count);
    model.add("history").set("when", minute(one.at)).set("what", one.what).set("where", where).set("ok", one.good);
  }
  co_return page(visit, "account", model, status);
}

boost::asio::awaitable<Answer> end_one_session(Visit& visit) {
  const std::string id = visit.form.get("id").value_or("");
  const auto own = visit.room.sessions().of_person(visit.person->username, visit.seconds);
  const auto found = std::ranges::find(own, id, &Session::id);
  if (found == own.end()) {
    Answer shown = co_await account_page(visit, "", "error.expired", 404);
    co_return shown;
  }
  if (auto done = co_await visit.room.end_session(*found); !done)
    co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  Answer answer = co_await account_page(visit, "account.session_ended", "", 200);
  answer.event = Event{"logout", true, visit.person->username, {}, {}, {}, "ended from the account page"};
  co_return answer;
}

boost::asio::awaitable<Answer> end_all_sessions(Visit& visit) {
  for (const Session& one : visit.room.sessions().of_person(visit.person->username, visit.seconds))
    if (one.hash != visit.session->hash)
      if (auto done = co_await visit.room.end_session(one); !done)
        co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  Answer answer = co_await account_page(visit, "account.session_ended", "", 200);
  answer.event = Event{"logout", true, visit.person->username, {}, {}, {}, "everywhere else"};
  co_return answer;
}

boost::asio::awaitable<Answer> withdraw(Visit& visit) {
  const std::string client_id = visit.form.get("id").value_or("");
  const std::string username = visit.person->username;
  auto forgotten = visit.room.consents().withdraw(username, client_id);
  auto ended = visit.room.agreements().end_of_app(username, client_id);
  for (auto* queued : {&forgotten, &ended.queued})
    if (*queued)
      if (auto done = co_await (*queued)->done(); !done)
        co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  Answer answer = co_await account_page(visit, "account.app_withdrawn", "", 200);
  answer.event = Event{"consent_withdrawn", true, username, client_id, {}, {}, {}};
  co_return answer;
}

boost::asio::awaitable<Answer> remove_factor(Visit& visit) {
  if (!is_recent(visit)) co_return ask_again(visit);
  const Factors factors = visit.room.factors().find(visit.person->username).value_or(Factors{});
  if (factors.passkeys.size() + (factors.totp_secret.empty() ? 0 : 1) < 2) {
    Answer shown = co_await account_page(visit, "", "account.last_factor", 400);
    co_return shown;
  }
  auto queued = visit.room.factors().remove(visit.person->username, visit.form.get("id").value_or(""));
  if (!queued) {
    Answer shown = co_await account_page(visit, "", "error.expired", 404);
    co_return shown;
  }
  if (auto done = co_await queued->done(); !done)
    co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  Answer answer = co_await account_page(visit, "account.factor_removed", "", 200);
  answer.event = Event{"factor_changed", true, visit.person->username, {}, {}, {}, "factor removed"};
  co_return answer;
}

std::string_view password_key(std::string_view problem) {
  if (problem == "too_short") return "new-password.short";
  if (problem == "too_long" || problem == "not_text") return "new-password.long";
  return problem == "own_words" ? "new-password.personal" : "new-password.common";
}

Answer password_page(Visit& visit, std::string_view problem, int status) {
  pages::Model model;
  model.set("action", "/account/password").set("username", visit.person->username).set("current", true);
  model.set("length_min", std::to_string(factors::password_characters_min)).set("problem", problem);
  return page(visit, "new-password", model, status);
}

boost::asio::awaitable<Answer> change_password(Visit& visit) {
  if (!is_recent(visit)) co_return ask_again(visit);
  const auto typed = visit.form.get("password");
  if (!typed) co_return password_page(visit, "", 200);
  const Person& person = *visit.person;
  if (visit.form.get("password2") != typed) co_return password_page(visit, "new-password.differ", 400);
  auto fresh = factors::prepare_password(*typed);
  auto present = factors::prepare_password(visit.form.get("current").value_or(""));
  if (!fresh || !present) co_return password_page(visit, "new-password.long", 400);
  const factors::PasswordRules rules{.own_words = {person.username, person.name, visit.settings().brand}};
  if (const auto problem = factors::password_problem(*fresh, rules))
    co_return password_page(visit, password_key(*problem), 400);
  const auto charge = visit.room.guard().charge(person.username, visit.browser_hash, visit.seconds);
  if (charge.paused) co_return password_page(visit, "locked.text", 429);
  const auto matched = co_await visit.room.passwords().matches(std::move(*present), person.password_hash);
  if (!matched) {
    visit.room.guard().refund(person.username, visit.browser_hash, charge);  // nobody looked
    co_return password_page(visit, "login.busy", 503);
  }
  if (!*matched) {
    Answer answer = password_page(visit, "new-password.wrong", 400);
    answer.event = Event{"login_failed", false, person.username, {}, {}, {}, "password change"};
    co_return answer;
  }
  visit.room.guard().refund(person.username, visit.browser_hash, charge);
  auto hash = co_await visit.room.passwords().hash(std::move(*fresh));
  if (!hash) co_return password_page(visit, "login.busy", 503);
  Person changed = person;
  changed.password_hash = std::move(*hash);
  const std::string amr = visit.session->amr;
  if (auto put = visit.room.change_person(person, changed); !put) {
    const bool meanwhile = put.error().code() == "changed_meanwhile" || put.error().code() == "not_found";
    co_return error_page(visit, meanwhile ? 409 : 503, meanwhile ? "error.expired" : "error.server");
  }
  // The generation grew: every session and token of the person is over, and this browser gets a new one.
  visit.directory = visit.room.snapshot();
  visit.person = visit.directory->person(changed.username);
  if (visit.person == nullptr) co_return error_page(visit, 409, "error.expired");
  Proof proof{.amr = amr, .fresh = false};
  const auto begun = co_await begin_session(visit, *visit.person, std::move(proof));
  if (!begun) co_return not_begun(visit, begun.error());
  Answer answer = co_await account_page(visit, "account.password_changed", "", 200);
  answer.event = Event{"factor_changed", true, changed.username, {}, {}, {}, "password changed"};
  co_return answer;
}

}  // namespace

boost::asio::awaitable<Answer> account(Visit& visit) {
  if (!visit.signed_in()) co_return go(visit, "/login");
  const std::string_view path = visit.request.path;
  if (visit.request.method != "POST") {
    if (path == "/account") {
      Answer shown = co_await account_page(visit, "", "", 200);
      co_return shown;
    }
    co_return go(visit, "/account");
  }
  if (path == "/account/stay") co_return go(visit, "/account");  // seen: the idle time begins anew
  if (path == "/account/sessions/end") {
    Answer answer = co_await end_one_session(visit);
    co_return answer;
  }
  if (path == "/account/sessions/end-all") {
    Answer answer = co_await end_all_sessions(visit);
    co_return answer;
  }
  if (path == "/account/apps/withdraw") {
    Answer answer = co_await withdraw(visit);
    co_return answer;
  }
  if (path == "/account/factors/remove") {
    Answer answer = co_await remove_factor(visit);
    co_return answer;
  }
  if (path == "/account/recovery-codes") {
    if (!is_recent(visit)) co_return ask_again(visit);
    Answer answer = co_await show_recovery_codes(visit);
    co_return answer;
  }
  if (path == "/account/password") {
    Answer answer = co_await change_password(visit);
    co_return answer;
  }
  co_return error_page(visit, 404, "error.not_found");
}

}  // namespace ward::identity::web
