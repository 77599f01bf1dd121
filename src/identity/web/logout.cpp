// Signing out, here or asked for by an app (OpenID Connect RP-Initiated Logout 1.0).
#include "base/encoding.hpp"
#include "records.hpp"
#include "web/visit.hpp"

namespace ward::identity::web {
namespace {

struct Asked {
  const KnownClient* app = nullptr;
  std::string subject;  // of the ID token; empty: none was given
  std::string back;     // proven to be registered; empty: stay here
};

/// An ID token of ours may be old, but must be ours.
std::optional<crypto::Jwt> hint_of(Visit& visit) {
  const auto hint = visit.form.get("id_token_hint");
  if (!hint) return std::nullopt;
  auto parsed = crypto::UnverifiedJwt::parse(*hint);
  if (!parsed) return std::nullopt;
  auto verified = std::move(*parsed).verify(visit.room.keys());
  if (!verified || verified->type() != "JWT" || verified->claim("iss") != visit.settings().issuer) return std::nullopt;
  return std::move(*verified);
}

std::expected<Asked, std::string> read(Visit& visit) {
  Asked asked;
  const auto hint = hint_of(visit);
  if (visit.form.get("id_token_hint") && !hint)
    return std::unexpected("id_token_hint is not an ID token of this server");
  const std::string client_id = visit.form.get("client_id").value_or(hint ? hint->audience() : "");
  if (hint && client_id != hint->audience()) return std::unexpected("client_id is another than the ID token's");
  asked.app = client_id.empty() ? nullptr : visit.directory->client(client_id);
  if (hint) asked.subject = hint->claim("sub");
  const auto back = visit.form.get("post_logout_redirect_uri");
  if (!back) return asked;
  if (asked.app == nullptr) return std::unexpected("post_logout_redirect_uri needs id_token_hint or client_id");
  const auto& registered = asked.app->client.post_logout_redirect_uris;
  if (std::ranges::none_of(registered, [&](const std::string& one) { return same_redirect_uri(one, *back); }))
    return std::unexpected("post_logout_redirect_uri is not registered for this client");
  asked.back = *back;
  if (const auto state = visit.form.get("state"))
    asked.back += (back->find('?') == back->npos ? "?state=" : "&state=") + percent_encode(*state);
  return asked;
}

boost::asio::awaitable<Answer> end(Visit& visit, const std::string& back) {
  const std::string username = visit.person != nullptr ? visit.person->username : std::string();
  if (visit.session != nullptr)
    if (auto done = co_await visit.room.end_session(*visit.session); !done)
      co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  visit.session = nullptr;
  visit.person = nullptr;
  visit.cookies.push_back(set_cookie(session_cookie, "", -1));
  pages::Model model;
  Answer answer = back.empty() ? page(visit, "signed-out", model) : go(visit, back);
  answer.event = Event{"logout", true, username, {}, {}, {}, {}};
  co_return answer;
}

}  // namespace

boost::asio::awaitable<Answer> logout(Visit& visit) {
  auto asked = read(visit);
  if (!asked) co_return error_page(visit, 400, "error.request_invalid", "invalid_request", asked.error());
  const bool own_form = visit.request.method == "POST" && visit.form.get("csrf");
  if (own_form && visit.form.get("decision") == "stay") co_return go(visit, "/account");
  if (own_form || visit.session == nullptr) {
    Answer answer = co_await end(visit, asked->back);
    co_return answer;
  }
  // The app has shown that it knows who is signed in: it may end that session without a question.
  if (!asked->subject.empty() && asked->subject == visit.person->username) {
    Answer answer = co_await end(visit, asked->back);
    co_return answer;
  }
  pages::Model model;
  if (asked->app != nullptr) model.set("app_name", asked->app->client.name);
  model.set("who", visit.person->username);
  co_return page(visit, "logout-confirm", model);
}

}  // namespace ward::identity::web
