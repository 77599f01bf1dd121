#include "web/visit.hpp"

#include "base/encoding.hpp"
#include "crypto/hash.hpp"

#include <fmt/format.h>

namespace ward::identity::web {
namespace {

constexpr std::size_t session_id_digits = 24;
constexpr long browser_lifetime = 365L * 24 * 3600;
constexpr std::string_view administrator_role = "administrator";
constexpr std::chrono::seconds administrator_idle_max = std::chrono::minutes(15);

std::string csrf_of(const Visit& visit) {
  const std::string bound = visit.browser + "|" + (visit.session ? visit.session->hash : "");
  return base64url_encode(crypto::view(crypto::hmac_sha256(visit.room.csrf_key().reveal(), bound)));
}

/// Where the browser says that the request comes from: our own pages, for whatever changes something.
bool from_our_pages(const FormRequest& request, const Settings& settings) {
  if (!request.fetch_site.empty()) return request.fetch_site == "same-origin";
  return request.origin.empty() || request.origin == settings.issuer;
}

std::vector<std::pair<std::string, std::string>> page_headers(const Visit& visit, std::string_view form_target) {
  std::vector<std::pair<std::string, std::string>> headers{
      {"content-type", "text/html; charset=utf-8"},
      {"content-language", std::string(pages::tag(visit.language))},
      {"content-security-policy", pages::content_security_policy(form_target)},
      {"referrer-policy", "no-referrer"},
      {"x-frame-options", "DENY"},
      {"cross-origin-opener-policy", "same-origin"},
      {"permissions-policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)"}};
  for (const std::string& cookie : visit.cookies) headers.emplace_back("set-cookie", cookie);
  return headers;
}

pages::Brand brand_of(const Settings& settings) {
  return {.name = settings.brand, .colour = settings.brand_colour, .logo_url = settings.brand_logo};
}

void read_session(Visit& visit) {
  const auto cookie = find_cookie(visit.request.cookie, session_cookie);
  if (!cookie) return;
  auto session = visit.room.sessions().find(hash_hex(*cookie), visit.seconds);
  if (session == nullptr) return;
  const Person* person = visit.directory->person(session->username);
  if (person == nullptr || person->disabled || person->generation != session->generation) return;
  visit.session = std::move(session);
  visit.person = person;
}

std::chrono::seconds idle_of(const Person& person, const Settings& settings) {
  const bool patient = person.fhir_user.starts_with("Patient/") || person.fhir_user.starts_with("RelatedPerson/");
  const std::chrono::seconds idle = patient ? settings.patient_idle : settings.staff_idle;
  const bool administrator = std::ranges::find(person.roles, administrator_role) != person.roles.end();
  return administrator ? std::min(idle, administrator_idle_max) : idle;
}

Answer refused_page(Visit& visit, int status, std::string_view key, std::string reason) {
  Answer answer = error_page(visit, status, key);
  answer.event = Event{"page_refused", false, {}, {}, {}, {}, std::move(reason)};
  return answer;
}

std::optional<Answer> read_form(Visit& visit) {
  const bool post = visit.request.method == "POST";
  const bool json = post && visit.request.content_type.starts_with("application/json");
  if (post && !json && !is_form_type(visit.request.content_type))
    return refused_page(visit, 415, "error.form", "content_type");
  auto form =
      json ? Form::parse_json(visit.request.body) : Form::parse(post ? visit.request.body : visit.request.query);
  if (!form) return refused_page(visit, 400, "error.form", "form_malformed");
  visit.form = std::move(*form);
  // OpenID Connect RP-Initiated Logout section 2: apps may post too; they are asked as those who come by a link are.
  const bool of_an_app = visit.request.path == "/logout" && !visit.form.get("csrf");
  if (of_an_app) return std::nullopt;
  if (post && !from_our_pages(visit.request, visit.settings()))
    return refused_page(visit, 403, "error.form", "cross_site");
  if (post && !constant_time_equal(visit.form.get("csrf").value_or(""), csrf_of(visit)))
    return refused_page(visit, 403, "error.form", "csrf");
  const auto sealed = visit.form.get("flow");
  if (!sealed) return std::nullopt;
  auto flow = open_flow(*sealed, visit.room.flow_key(), visit.browser_hash, visit.now.time_since_epoch().count());
  if (!flow) return refused_page(visit, 400, "error.expired", std::string(flow.error().code()));
  visit.flow = std::move(*flow);
  visit.language = pages::choose_language(visit.flow->ui_locales, visit.request.accept_language);
  return std::nullopt;
}

}  // namespace

Caller caller_of(const Visit& visit, std::string_view client_id, std::string_view scope) {
  Caller caller;
  caller.kind = Caller::Kind::person;
  caller.subject = caller.username = visit.person->username;
  caller.client_id = client_id;
  caller.fhir_user = visit.person->fhir_user;
  caller.roles = visit.person->roles;
  caller.issuer = visit.settings().issuer;
  caller.token_id = "page " + visit.session->hash;
  caller.scope = scope::ScopeSet::parse(scope).value_or(scope::ScopeSet{});
  caller.expires = visit.now + std::chrono::minutes(1);
  return caller;
}

bool is_recent(const Visit& visit) {
  return visit.seconds - visit.session->auth_time <= visit.settings().fresh_factor.count();
}

Answer ask_again(Visit& visit) { return go(visit, "/login/second-factor?step_up=yes"); }

std::string proven(const Visit& visit, std::string_view factor) {
  if (!visit.session->complete) return fmt::format("pwd {} mfa", factor);
  const std::string before = " " + visit.session->amr + " ";
  return before.find(fmt::format(" {} ", factor)) == before.npos ? fmt::format("{} {}", visit.session->amr, factor)
                                                                 : visit.session->amr;
}

Answer not_begun(Visit& visit, const Error& error) {
  if (error.code() != "session_over")
    return error_page(visit, 503, "error.server", "temporarily_unavailable", error.message());
  visit.session = nullptr;
  visit.cookies.push_back(set_cookie(session_cookie, "", -1));
  return go(visit, with_flow(visit, "/login"));
}

std::string hash_hex(std::string_view secret) { return hex_encode(crypto::view(crypto::sha256(secret))); }

std::expected<std::unique_ptr<Visit>, Answer> arrive(const FormRequest& request, Room& room) {
  auto visit = std::make_unique<Visit>(Visit{.request = request,
                                             .room = room,
                                             .prepared = room.prepared(),
                                             .directory = room.snapshot(),
                                             .now = room.clock().wall(),
                                             .language = pages::choose_language("", request.accept_language)});
  visit->seconds = unix_seconds(visit->now);
  if (auto known = find_cookie(request.cookie, browser_cookie)) {
    visit->browser = std::move(*known);
  } else {
    visit->browser = room.random().token(32);
    visit->new_browser = true;
    visit->cookies.push_back(set_cookie(browser_cookie, visit->browser, browser_lifetime));
  }
  visit->browser_hash = hash_hex(visit->browser);
  read_session(*visit);
  if (request.path == "/oauth/authorize") return visit;  // its parameters are an app's, not a page's
  if (auto refused = read_form(*visit)) return std::unexpected(std::move(*refused));
  return visit;
}

Answer page(Visit& visit, std::string_view name, pages::Model& model, int status) {
  model.set("csrf", csrf_of(visit));
  if (visit.flow) model.set("flow", seal_flow(*visit.flow, visit.room.flow_key()));
  if (visit.signed_in()) {
    model.set("idle_seconds", std::to_string(visit.session->idle));
    model.set("stay_seconds", "60");
  }
  Answer answer{status, page_headers(visit, visit.flow ? visit.flow->redirect_uri : ""), {}, {}, {}};
  answer.body = pages::render(name, visit.language, brand_of(visit.settings()), model);
  answer.event.name = "page";
  answer.event.success = status < 400;
  if (visit.person != nullptr && visit.signed_in()) answer.event.actor = visit.person->username;
  return answer;
}

Answer go(Visit& visit, std::string location) {
  Answer answer{303, {{"location", std::move(location)}, {"referrer-policy", "no-referrer"}}, {}, {}, {}};
  for (const std::string& cookie : visit.cookies) answer.headers.emplace_back("set-cookie", cookie);
  answer.event.name = "page";
  answer.event.success = true;
  if (visit.person != nullptr && visit.signed_in()) answer.event.actor = visit.person->username;
  return answer;
}

Answer error_page(Visit& visit, int status, std::string_view key, std::string_view error,
                  std::string_view description) {
  pages::Model model;
  model.set("message_key", key);
  if (!error.empty()) {
    model.add("details").set("name", "error").set("value", error);
    model.add("details").set("name", "error_description").set("value", description);
  }
  return page(visit, "error", model, status);
}

std::string with_flow(Visit& visit, std::string_view path) {
  return visit.flow ? std::string(path) + "?flow=" + seal_flow(*visit.flow, visit.room.flow_key()) : std::string(path);
}

boost::asio::awaitable<Result<void>> begin_session(Visit& visit, const Person& person, Proof proof) {
  const Settings& settings = visit.settings();
  const std::string cookie = visit.room.random().token(32);
  const bool same = visit.session != nullptr && visit.session->username == person.username;
  const bool goes_on = same && !proof.alone;
  Session session{.hash = hash_hex(cookie),
                  .id = same ? visit.session->id : hash_hex(visit.room.random().token(16)).substr(0, session_id_digits),
                  .username = person.username,
                  .generation = person.generation,
                  .amr = std::move(proof.amr),
                  .complete = proof.complete,
                  .created = same ? visit.session->created : visit.seconds,
                  .seen = visit.seconds,
                  .auth_time = goes_on && !proof.fresh ? visit.session->auth_time : visit.seconds,
                  .idle = idle_of(person, settings).count(),
                  .ends = visit.seconds + settings.session_max.count(),
                  .device = device_name(visit.request.user_agent),
                  .network = network_name(visit.request.address)};
  if (goes_on && visit.session->complete) session.ends = visit.session->ends;  // a step-up moves no end
  const auto kept = std::make_shared<const Session>(session);
  const std::string before = visit.session ? visit.session->hash : "";
  auto queued = visit.room.sessions().begin(std::move(session), before, visit.seconds, goes_on);
  if (!queued) co_return std::unexpected(queued.error());
  if (auto done = co_await queued->done(); !done) co_return done;
  visit.session = kept;
  visit.person = visit.directory->person(person.username);
  visit.cookies.push_back(set_cookie(session_cookie, cookie, 0));
  co_return Result<void>{};
}

}  // namespace ward::identity::web
