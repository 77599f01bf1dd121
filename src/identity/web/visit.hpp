// One request to a page: its browser, session, language and form, and how to answer it.
#pragma once

#include "cookies.hpp"
#include "flow.hpp"
#include "form.hpp"
#include "pages/pages.hpp"
#include "room.hpp"

namespace ward::identity::web {

/// Made by `arrive`; lives as long as the request.
struct Visit {
  const FormRequest& request;
  Room& room;
  std::shared_ptr<const Prepared> prepared;
  std::shared_ptr<const Snapshot> directory;
  WallTime now;
  std::int64_t seconds = 0;
  pages::Language language{};
  std::string browser;  // the cookie's value; a new one if there was none
  bool new_browser = false;
  std::string browser_hash;                // hex
  std::shared_ptr<const Session> session;  // not over, of a person who may; may be incomplete
  const Person* person = nullptr;          // of the session
  Form form;                               // the body of a POST, or the query of a GET
  std::optional<Flow> flow;                // if the form carries one that is good
  std::vector<std::string> cookies;        // to set
  // Of the account page: who acts for this patient, and for whom this delegate acts.
  std::vector<Delegate> delegates;
  std::vector<PatientChoice> acts_for;

  const Settings& settings() const { return prepared->settings; }
  bool signed_in() const { return session != nullptr && session->complete; }
  const KnownClient* app() const { return flow ? directory->client(flow->client_id) : nullptr; }
};

/// Reads cookies and form. A refusal is a page that says what is wrong: a form that is malformed or forged (CSRF), a
/// flow that is over.
std::expected<std::unique_ptr<Visit>, Answer> arrive(const FormRequest& request, Room& room);

/// A page with what every page has: csrf, flow, who is signed in, headers and cookies.
Answer page(Visit& visit, std::string_view name, pages::Model& model, int status = 200);
/// 303, to an address of ours or a proven redirect URI.
Answer go(Visit& visit, std::string location);
/// The page for what cannot go on; `description` is for the app's developer.
Answer error_page(Visit& visit, int status, std::string_view key, std::string_view error = "",
                  std::string_view description = "");
/// An address of ours with the flow, if there is one.
std::string with_flow(Visit& visit, std::string_view path);

/// What a session stands on.
struct Proof {
  std::string amr;       // RFC 8176
  bool complete = true;  // two factors
  bool alone = false;    // it does not build on the present session
  bool fresh = true;     // a factor was shown now; if not, the time of the last one stays
};
/// A new session in the place of the present one (its name changes whenever its rights do), durable; and its cookie.
/// Error "session_over": the present one was ended meanwhile.
boost::asio::awaitable<Result<void>> begin_session(Visit& visit, const Person& person, Proof proof);
/// The answer to that error: to the sign-in, or that it could not be kept.
Answer not_begun(Visit& visit, const Error& error);
/// The `amr` of the second factor: beside the password, or once more in a session.
std::string proven(const Visit& visit, std::string_view factor);

/// A person has proven who they are: a new session, a known device, and on with the flow.
boost::asio::awaitable<Answer> finish_sign_in(Visit& visit, Proof proof);

/// Goes on with the flow where it stands: sign-in, picker, consent, code; without a flow, the account page.
boost::asio::awaitable<Answer> proceed(Visit& visit);
/// RFC 6749 section 4.1.2.1, to the proven redirect URI.
Answer refuse_flow(Visit& visit, std::string_view error, std::string_view description, std::string_view reason);
/// The parameters on their way to the app, by its response mode; with `iss` (RFC 9207).
Answer respond(Visit& visit, const Flow& flow, std::vector<std::pair<std::string, std::string>> parameters);

/// The signed-in person as the door's policy sees them, for what a page shows: `scope` bounds it.
Caller caller_of(const Visit& visit, std::string_view client_id, std::string_view scope);

/// Whether the proof of the session is fresh enough to change what people sign in with (RFC 9470).
bool is_recent(const Visit& visit);
/// To the second factor once more, and back to the account.
Answer ask_again(Visit& visit);

std::string hash_hex(std::string_view secret);

/// A second factor was added: of a first sign-in it completes the session, and recovery codes are shown.
boost::asio::awaitable<Answer> enrolled(Visit& visit, std::string_view factor, std::string amr);
bool may_enrol(const Visit& visit);
boost::asio::awaitable<Answer> show_recovery_codes(Visit& visit);

// The pages, by path.
boost::asio::awaitable<Answer> authorize(const FormRequest&, Room&);  // /oauth/authorize
boost::asio::awaitable<Answer> login(Visit&);                         // /login
boost::asio::awaitable<Answer> select_account(Visit&);                // /login/select
boost::asio::awaitable<Answer> second_factor(Visit&);                 // /login/second-factor
boost::asio::awaitable<Answer> enrol(Visit&);                         // /login/enrol
boost::asio::awaitable<Answer> enrol_totp(Visit&);                    // /login/enrol/totp
boost::asio::awaitable<Answer> enrol_codes(Visit&);                   // /login/enrol/codes
boost::asio::awaitable<Answer> enrol_done(Visit&);                    // /login/enrol/done
boost::asio::awaitable<Answer> passkey_options(Visit&);               // .../passkey/options
boost::asio::awaitable<Answer> passkey(Visit&);                       // .../passkey
boost::asio::awaitable<Answer> consent(Visit&);                       // /oauth/consent
boost::asio::awaitable<Answer> patient_picker(Visit&);                // /oauth/patient
boost::asio::awaitable<Answer> logout(Visit&);                        // /logout
boost::asio::awaitable<Answer> account(Visit&);                       // /account and below

}  // namespace ward::identity::web
