// Sign-in with a name and a password, and the second factor behind it.
#include "factors/password_rules.hpp"
#include "web/visit.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ward::identity::web {
namespace {

constexpr std::string_view busy = "login.busy", wrong = "login.wrong", paused = "locked.text";
constexpr std::size_t username_bytes_max = 64;

Answer login_page(Visit& visit, std::string_view username, std::string_view problem, int status) {
  pages::Model model;
  model.set("username", username);
  model.set("problem", problem);
  if (const KnownClient* app = visit.app()) model.set("app_name", app->client.name);
  return page(visit, "login", model, status);
}

/// OpenID Connect Core section 3.1.2.1, prompt=select_account: who is signed in may go on, or somebody else sign in.
bool may_choose(const Visit& visit) {
  return visit.flow && visit.signed_in() && visit.flow->prompt_select_account && !visit.flow->prompt_login;
}

Answer choice_page(Visit& visit) {
  pages::Model model;
  if (const KnownClient* app = visit.app()) model.set("app_name", app->client.name);
  model.set("who", visit.person->name.empty() ? visit.person->username : visit.person->name);
  return page(visit, "select-account", model);
}

boost::asio::awaitable<void> wait(std::chrono::milliseconds time) {
  if (time.count() <= 0) co_return;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

/// What the guard counts by: a browser that this person signed in with before counts by itself.
std::string known_device(Visit& visit, std::string_view username) {
  return visit.room.factors().knows_device(username, visit.browser_hash) ? visit.browser_hash : std::string();
}

/// Who somebody said they are, for the log. A name that nobody has may be a password in the wrong field: it is not
/// kept.
std::string known_name(const Visit& visit, std::string_view username) {
  return visit.directory->person(username) != nullptr ? std::string(username) : std::string();
}

Event failure(const Visit& visit, std::string_view username, std::string reason) {
  return Event{"login_failed", false, known_name(visit, username), {}, {}, {}, std::move(reason)};
}

Answer failed(Visit& visit, std::string_view username, const SignInGuard::Charge& charge, std::string reason,
              Answer answer) {
  answer.event = failure(visit, username, std::move(reason));
  visit.room.note_sign_in(username, visit, answer.event);
  if (charge.began)
    answer.also.push_back(
        Event{"login_paused", false, known_name(visit, username), {}, {}, {}, "ten failures in a row"});
  return answer;
}

Answer second_factor_page(Visit& visit, std::string_view problem, int status) {
  const auto factors = visit.room.factors().find(visit.person->username).value_or(Factors{});
  pages::Model model;
  model.set("totp", !factors.totp_secret.empty());
  model.set("passkey", !factors.passkeys.empty());
  model.set("recovery", !factors.recovery.empty());
  model.set("step_up", visit.session->complete);
  model.set("problem", problem);
  return page(visit, "second-factor", model, status);
}

}  // namespace

boost::asio::awaitable<Answer> login(Visit& visit) {
  const std::string hint = visit.flow ? visit.flow->login_hint : "";
  if (visit.request.method != "POST") {
    if (!visit.flow && visit.signed_in()) co_return go(visit, "/account");
    if (may_choose(visit)) co_return choice_page(visit);
    co_return login_page(visit, hint, "", 200);
  }
  const std::string username = visit.form.get("username").value_or("");
  Secret<std::string> typed(visit.form.get("password").value_or(""));
  if (username.empty() || username.size() > username_bytes_max || typed.reveal().empty())
    co_return login_page(visit, username, wrong, 400);
  const std::string device = known_device(visit, username);
  const auto charge = visit.room.guard().charge(username, device, visit.seconds);
  if (charge.paused) {
    Answer answer = login_page(visit, username, paused, 429);
    answer.event = failure(visit, username, "paused");
    visit.room.note_sign_in(username, visit, answer.event);
    co_return answer;
  }
  co_await wait(charge.delay);
  auto prepared = factors::prepare_password(typed.reveal());
  const Person* person = visit.directory->person(username);
  // The same work for a name that is not known, a person without a password, and one who is disabled.
  if (prepared) typed = std::move(*prepared);
  std::string hash;
  if (person != nullptr) hash = person->password_hash;
  auto matched = co_await visit.room.passwords().matches(std::move(typed), std::move(hash));
  if (!matched) {
    visit.room.guard().refund(username, device, charge);  // nobody looked at it
    Answer answer = login_page(visit, username, busy, 503);
    answer.headers.emplace_back("retry-after", "3");
    answer.event = failure(visit, username, "busy");
    co_return answer;
  }
  if (!*matched || person->disabled)
    co_return failed(visit, username, charge, !*matched ? "password" : "disabled",
                     login_page(visit, username, wrong, 400));
  visit.room.guard().refund(username, device, charge);
  Proof password{.amr = "pwd", .complete = false, .alone = true};
  const auto begun = co_await begin_session(visit, *person, std::move(password));
  if (!begun) co_return not_begun(visit, begun.error());
  const auto factors = visit.room.factors().find(username);
  co_return go(visit, with_flow(visit, factors && factors->second() ? "/login/second-factor" : "/login/enrol"));
}

boost::asio::awaitable<Answer> select_account(Visit& visit) {
  if (visit.request.method != "POST" || !may_choose(visit)) co_return go(visit, with_flow(visit, "/login"));
  if (visit.form.get("choice") != "continue") co_return login_page(visit, "", "", 200);
  visit.flow->prompt_select_account = false;
  visit.flow->person = visit.person->username;
  Answer answer = co_await proceed(visit);
  co_return answer;
}

boost::asio::awaitable<Answer> second_factor(Visit& visit) {
  if (visit.session == nullptr) co_return go(visit, with_flow(visit, "/login"));
  // An app that wants a new sign-in gets a whole one; a step-up here is for the account alone.
  if (visit.session->complete && visit.flow) co_return go(visit, with_flow(visit, "/login"));
  if (visit.session->complete && !visit.form.get("step_up")) co_return go(visit, "/account");
  if (visit.request.method != "POST") co_return second_factor_page(visit, "", 200);
  const Person& person = *visit.person;
  const std::string device = known_device(visit, person.username);
  const auto charge = visit.room.guard().charge(person.username + " factor", device, visit.seconds);
  if (charge.paused) {
    Answer answer = second_factor_page(visit, paused, 429);
    answer.event = failure(visit, person.username, "paused");
    co_return answer;
  }
  co_await wait(charge.delay);
  const bool recovery = visit.form.get("method").value_or("totp") == "recovery";
  const std::string code = visit.form.get("code").value_or("").substr(0, 64);
  auto taken = recovery ? visit.room.factors().take_recovery(person.username, code)
                        : visit.room.factors().take_totp(person.username, code, visit.now);
  if (!taken.good) {
    Answer answer =
        failed(visit, person.username, charge, recovery ? "recovery_code" : "totp",
               second_factor_page(visit, recovery ? "second-factor.wrong_recovery" : "second-factor.wrong", 400));
    co_return answer;
  }
  if (auto done = co_await taken.queued->done(); !done)
    co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  Proof proof{.amr = proven(visit, recovery ? "recovery" : "otp")};
  Answer answer = co_await finish_sign_in(visit, std::move(proof));
  co_return answer;
}

boost::asio::awaitable<Answer> finish_sign_in(Visit& visit, Proof proof) {
  const Person& person = *visit.person;
  visit.room.guard().succeeded(person.username, known_device(visit, person.username));
  visit.room.guard().succeeded(person.username + " factor", known_device(visit, person.username));
  std::string amr = proof.amr;
  const auto begun = co_await begin_session(visit, person, std::move(proof));
  if (!begun) co_return not_begun(visit, begun.error());
  auto remembered = visit.room.factors().remember_device(person.username, visit.browser_hash);
  if (auto done = co_await remembered.done(); !done)
    co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  const Event signed_in{"login", true, person.username, {}, {}, {}, std::move(amr)};
  visit.room.note_sign_in(person.username, visit, signed_in);
  Answer answer = co_await proceed(visit);
  answer.also.push_back(std::move(answer.event));
  answer.event = signed_in;
  co_return answer;
}

}  // namespace ward::identity::web
