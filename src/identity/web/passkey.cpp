// Passkeys in the pages: options with a sealed challenge, and the check of what the browser's authenticator answers.
#include "factors/passkey.hpp"
#include "base/encoding.hpp"
#include "crypto/seal.hpp"
#include "records.hpp"
#include "web/visit.hpp"

namespace ward::identity::web {
namespace {

constexpr std::string_view associated = "ward passkey 1";
constexpr std::int64_t ceremony_seconds = 5 * 60;

enum class Ceremony : std::uint8_t { sign_in, second_factor, enrol };

Ceremony ceremony_of(std::string_view path) {
  if (path.starts_with("/login/enrol")) return Ceremony::enrol;
  return path.starts_with("/login/second-factor") ? Ceremony::second_factor : Ceremony::sign_in;
}

/// The domain of a base: "https://localhost:8443" gives "localhost".
std::string domain_of(std::string_view base) {
  base.remove_prefix(std::min(base.find("://") + 3, base.size()));
  return std::string(base.substr(0, base.find_first_of(":/")));
}

Answer json_answer(Visit& visit, int status, std::string body) {
  Answer answer{
      status, {{"content-type", "application/json"}, {"referrer-policy", "no-referrer"}}, std::move(body), {}, {}};
  for (const std::string& cookie : visit.cookies) answer.headers.emplace_back("set-cookie", cookie);
  answer.event.name = "page";
  answer.event.success = status < 400;
  return answer;
}

Answer problem(Visit& visit, int status, std::string_view key) {
  std::string body;
  append_member(body, "problem", pages::text(visit.language, key));
  return json_answer(visit, status, body + "}");
}

/// The challenge is sealed into the page with its purpose, browser and session, and counts once.
std::string seal_state(Visit& visit, Ceremony ceremony, const std::string& challenge) {
  const std::string plain = std::to_string(visit.seconds) + "|" + std::to_string(int(ceremony)) + "|" +
                            visit.browser_hash + "|" + (visit.session ? visit.session->hash : "-") + "|" + challenge;
  return base64url_encode(crypto::seal_siv(visit.room.flow_key(), plain, associated));
}

std::string open_state(Visit& visit, Ceremony ceremony, std::string_view sealed) {
  const auto bytes = base64url_decode(sealed);
  const auto plain = bytes && bytes->size() > 16 ? crypto::open_siv(visit.room.flow_key(), *bytes, associated)
                                                 : Result<std::string>(fail("unsealable", ""));
  if (!plain) return {};
  const std::string expected = "|" + std::to_string(int(ceremony)) + "|" + visit.browser_hash + "|" +
                               (visit.session ? visit.session->hash : "-") + "|";
  const auto at = plain->find('|');
  if (at == plain->npos || plain->compare(at, expected.size(), expected) != 0) return {};
  const std::int64_t made = std::atoll(plain->c_str());
  if (visit.seconds - made > ceremony_seconds) return {};
  std::string challenge = plain->substr(at + expected.size());
  const auto taken = visit.room.challenges().take(visit.browser_hash, base64url_encode(challenge),
                                                  made + ceremony_seconds + 1, visit.seconds);
  return taken == SeenIds::Outcome::fresh ? challenge : std::string();
}

std::vector<factors::CredentialDescriptor> descriptors(const Factors& factors) {
  std::vector<factors::CredentialDescriptor> list;
  for (const Passkey& one : factors.passkeys) list.push_back({one.credential.id, one.credential.transports});
  return list;
}

std::string options_of(Visit& visit, Ceremony ceremony, const std::string& challenge) {
  const std::string domain = domain_of(visit.settings().issuer);
  if (ceremony == Ceremony::sign_in)
    return factors::request_options_json({.rp_id = domain, .challenge = challenge, .allow = {}});
  const Person& person = *visit.person;
  const Factors own = visit.room.factors().find(person.username).value_or(Factors{});
  if (ceremony == Ceremony::second_factor)
    return factors::request_options_json({.rp_id = domain, .challenge = challenge, .allow = descriptors(own)});
  return factors::creation_options_json({.rp_id = domain,
                                         .rp_name = visit.settings().brand,
                                         .user_handle = visit.room.factors().user_handle(person.username),
                                         .user_name = person.username,
                                         .user_display_name = person.name.empty() ? person.username : person.name,
                                         .challenge = challenge,
                                         .exclude = descriptors(own),
                                         .resident_key_required = true});
}

factors::Expected expected_of(Visit& visit, std::string challenge) {
  return {.rp_id = domain_of(visit.settings().issuer),
          .origins = {visit.settings().issuer},
          .challenge = std::move(challenge),
          .user_verification_required = true,
          .user_handle = {},
          .user_handle_required = false};
}

Answer located(Visit& visit, Answer answer) {
  std::string location = "/account", body;
  for (const auto& [name, value] : answer.headers)
    if (name == "location") location = value;
  // form_post answers by a page, which a script cannot show: the flow goes on by its own address.
  if (answer.status != 303) location = with_flow(visit, "/login/enrol/done");
  append_member(body, "location", location);
  Answer told = json_answer(visit, 200, body + "}");
  told.event = std::move(answer.event);
  told.also = std::move(answer.also);
  return told;
}

boost::asio::awaitable<Answer> register_passkey(Visit& visit, std::string_view response, std::string challenge) {
  const std::string username = visit.person->username;
  auto credential = factors::verify_registration(response, expected_of(visit, std::move(challenge)));
  if (!credential) {
    Answer answer = problem(visit, 400, "passkey.failed");
    answer.event =
        Event{"factor_refused", false, username, {}, {}, {}, "passkey_" + std::string(credential.error().code())};
    co_return answer;
  }
  Passkey passkey{
      .credential = std::move(*credential), .label = device_name(visit.request.user_agent), .added = visit.seconds};
  auto queued = visit.room.factors().add_passkey(username, std::move(passkey));
  if (!queued) co_return problem(visit, 409, "passkey.failed");
  if (auto done = co_await queued->done(); !done) co_return problem(visit, 503, "error.server");
  const bool first = !visit.session->complete;
  if (!first) {
    Answer answer = located(visit, go(visit, "/account"));
    answer.event = Event{"factor_changed", true, username, {}, {}, {}, "passkey added"};
    co_return answer;
  }
  Proof proof{.amr = "pwd hwk mfa"};
  if (auto begun = co_await begin_session(visit, *visit.person, std::move(proof)); !begun)
    co_return problem(visit, begun.error().code() == "session_over" ? 403 : 503,
                      begun.error().code() == "session_over" ? "error.expired" : "error.server");
  Answer answer = located(visit, go(visit, with_flow(visit, "/login/enrol/codes")));
  answer.event = Event{"factor_changed", true, username, {}, {}, {}, "passkey added"};
  answer.also.push_back(Event{"login", true, username, {}, {}, {}, "pwd hwk mfa"});
  co_return answer;
}

Answer refused(Visit& visit, std::string_view username, std::string reason) {
  Answer answer = problem(visit, 400, "login.passkey_unknown");
  answer.event = Event{"login_failed", false, std::string(username), {}, {}, {}, "passkey_" + std::move(reason)};
  if (!username.empty()) visit.room.note_sign_in(username, visit, answer.event);
  return answer;
}

boost::asio::awaitable<Answer> sign_in(Visit& visit, std::string_view response, std::string challenge, bool alone) {
  const auto claimed = factors::claimed_credential(response);
  if (!claimed) co_return refused(visit, "", "response");
  const std::string username = visit.room.factors().owner_of(claimed->id);
  const Person* person = visit.directory->person(username);
  if (person == nullptr || person->disabled || (!alone && username != visit.person->username))
    co_return refused(visit, "", "unknown");
  const Factors own = visit.room.factors().find(username).value_or(Factors{});
  const auto found =
      std::ranges::find_if(own.passkeys, [&](const Passkey& one) { return one.credential.id == claimed->id; });
  if (found == own.passkeys.end()) co_return refused(visit, "", "unknown");
  factors::Expected expected = expected_of(visit, std::move(challenge));
  expected.user_handle = own.user_handle;
  expected.user_handle_required = alone;
  const auto assertion = factors::verify_assertion(response, found->credential, expected);
  if (!assertion) co_return refused(visit, username, std::string(assertion.error().code()));
  auto taken = visit.room.factors().take_passkey(username, claimed->id, *assertion, visit.seconds);
  if (!taken.good) co_return refused(visit, username, "counter");
  if (auto done = co_await taken.queued->done(); !done) co_return problem(visit, 503, "error.server");
  visit.person = person;
  Proof proof{.amr = alone ? "hwk user mfa" : proven(visit, "hwk"), .alone = alone};
  Answer answer = co_await finish_sign_in(visit, std::move(proof));
  co_return located(visit, std::move(answer));
}

}  // namespace

bool may_begin(Visit& visit, Ceremony ceremony) {
  switch (ceremony) {
    case Ceremony::sign_in:
      return true;
    case Ceremony::second_factor:
      return visit.session != nullptr;
    case Ceremony::enrol:
      return may_enrol(visit);
  }
  return false;
}

boost::asio::awaitable<Answer> passkey_options(Visit& visit) {
  const Ceremony ceremony = ceremony_of(visit.request.path);
  if (!may_begin(visit, ceremony)) co_return problem(visit, 403, "error.expired");
  const std::string challenge = factors::new_passkey_challenge(visit.room.random());
  std::string body;
  append_raw(body, "options", options_of(visit, ceremony, challenge));
  append_member(body, "state", seal_state(visit, ceremony, challenge));
  co_return json_answer(visit, 200, body + "}");
}

boost::asio::awaitable<Answer> passkey(Visit& visit) {
  const Ceremony ceremony = ceremony_of(visit.request.path);
  if (!may_begin(visit, ceremony)) co_return problem(visit, 403, "error.expired");
  std::string challenge = open_state(visit, ceremony, visit.form.get("state").value_or(""));
  if (challenge.empty()) co_return problem(visit, 400, "error.expired");
  const std::string response = visit.form.get("response").value_or("");
  if (ceremony == Ceremony::enrol) {
    Answer answer = co_await register_passkey(visit, response, std::move(challenge));
    co_return answer;
  }
  Answer answer = co_await sign_in(visit, response, std::move(challenge), ceremony == Ceremony::sign_in);
  co_return answer;
}

}  // namespace ward::identity::web
