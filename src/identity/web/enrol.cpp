// The second factor, chosen at the first sign-in or later in the account.
#include "base/encoding.hpp"
#include "crypto/seal.hpp"
#include "factors/qr.hpp"
#include "factors/recovery.hpp"
#include "factors/totp.hpp"
#include "web/visit.hpp"

namespace ward::identity::web {
namespace {

constexpr std::string_view associated = "ward enrolment 1";
constexpr std::int64_t enrolment_seconds = 15 * 60;

/// The secret on its way through the page: sealed, for this person and session, for a quarter of an hour.
std::string seal_secret(Visit& visit, const Secret<std::string>& secret) {
  const std::string plain = std::to_string(visit.seconds) + "|" + visit.session->hash + "|" + secret.reveal();
  return base64url_encode(crypto::seal_siv(visit.room.flow_key(), plain, associated));
}

Secret<std::string> open_secret(Visit& visit, std::string_view sealed) {
  const auto bytes = base64url_decode(sealed);
  const auto plain = bytes && bytes->size() > 16 ? crypto::open_siv(visit.room.flow_key(), *bytes, associated)
                                                 : Result<std::string>(fail("unsealable", ""));
  if (!plain) return {};
  const auto first = plain->find('|'), second = plain->find('|', first + 1);
  if (second == plain->npos || plain->substr(first + 1, second - first - 1) != visit.session->hash) return {};
  if (visit.seconds - std::atoll(plain->c_str()) > enrolment_seconds) return {};
  return Secret<std::string>(plain->substr(second + 1));
}

std::string in_groups(std::string_view text) {
  std::string grouped;
  for (std::size_t i = 0; i < text.size(); i += 4) grouped += (i == 0 ? "" : " ") + std::string(text.substr(i, 4));
  return grouped;
}

Answer totp_page(Visit& visit, const Secret<std::string>& secret, std::string_view problem, int status) {
  pages::Model model;
  const auto uri = factors::otpauth_uri(visit.settings().brand, visit.person->username, secret);
  model.set_safe("qr", pages::Html{factors::qr_svg(uri.reveal())});
  model.set("secret", in_groups(factors::base32_encode(secret.reveal())));
  model.set("state", seal_secret(visit, secret));
  model.set("problem", problem);
  return page(visit, "enrol-totp", model, status);
}

}  // namespace

/// Who may enrol: a person who has just proven who they are, or one without any second factor who has just shown the
/// password.
bool may_enrol(const Visit& visit) {
  if (visit.session == nullptr) return false;
  if (visit.session->complete) return is_recent(visit);
  const auto factors = visit.room.factors().find(visit.person->username);
  return !factors || !factors->second();
}

Answer prove_first(Visit& visit) {
  return visit.signed_in() ? ask_again(visit) : go(visit, with_flow(visit, "/login"));
}

boost::asio::awaitable<Answer> enrol(Visit& visit) {
  if (!may_enrol(visit)) co_return prove_first(visit);
  pages::Model model;
  co_return page(visit, "enrol", model);
}

boost::asio::awaitable<Answer> show_recovery_codes(Visit& visit) {
  pages::Model model;
  std::vector<std::string> hashes;
  for (const Secret<std::string>& code : factors::new_recovery_codes(visit.room.random())) {
    hashes.push_back(factors::hash_recovery_code(code));
    model.add("codes").set("code", code.reveal());
  }
  auto queued = visit.room.factors().put_recovery(visit.person->username, std::move(hashes));
  if (auto done = co_await queued.done(); !done)
    co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  Answer answer = page(visit, "recovery-codes", model);
  answer.event = Event{"factor_changed", true, visit.person->username, {}, {}, {}, "recovery codes made"};
  co_return answer;
}

boost::asio::awaitable<Answer> enrol_totp(Visit& visit) {
  if (!may_enrol(visit)) co_return prove_first(visit);
  if (visit.request.method != "POST")
    co_return totp_page(visit, factors::new_totp_secret(visit.room.random()), "", 200);
  const Secret<std::string> secret = open_secret(visit, visit.form.get("state").value_or(""));
  if (secret.reveal().empty())
    co_return totp_page(visit, factors::new_totp_secret(visit.room.random()), "error.expired", 400);
  const auto step = factors::totp_step(secret, visit.form.get("code").value_or("").substr(0, 16), visit.now, 0);
  if (!step) co_return totp_page(visit, secret, "enrol-totp.wrong", 400);
  auto queued = visit.room.factors().put_totp(visit.person->username, secret, *step, visit.seconds);
  if (auto done = co_await queued.done(); !done)
    co_return error_page(visit, 503, "error.server", "temporarily_unavailable", done.error().message());
  Answer answer = co_await enrolled(visit, "totp", "pwd otp mfa");
  co_return answer;
}

boost::asio::awaitable<Answer> enrolled(Visit& visit, std::string_view factor, std::string amr) {
  const bool first = !visit.session->complete;
  if (first) {
    Proof proof{.amr = amr};
    const auto begun = co_await begin_session(visit, *visit.person, std::move(proof));
    if (!begun) co_return not_begun(visit, begun.error());
  }
  const Event added{"factor_changed", true, visit.person->username, {}, {}, {}, std::string(factor) + " added"};
  if (!first) {
    Answer back = go(visit, "/account");
    back.also.push_back(added);
    co_return back;
  }
  Answer answer = co_await show_recovery_codes(visit);
  answer.also.push_back(added);
  const Event signed_in{"login", true, visit.person->username, {}, {}, {}, std::move(amr)};
  visit.room.note_sign_in(visit.person->username, visit, signed_in);
  visit.room.factors().remember_device(visit.person->username, visit.browser_hash);
  answer.also.push_back(signed_in);
  co_return answer;
}

/// Behind a first passkey. Codes that are there are not replaced by a mere link.
boost::asio::awaitable<Answer> enrol_codes(Visit& visit) {
  if (!visit.signed_in()) co_return go(visit, with_flow(visit, "/login"));
  const auto factors = visit.room.factors().find(visit.person->username);
  if (factors && !factors->recovery.empty()) {
    Answer onward = co_await proceed(visit);
    co_return onward;
  }
  if (!is_recent(visit)) co_return ask_again(visit);
  Answer answer = co_await show_recovery_codes(visit);
  co_return answer;
}

boost::asio::awaitable<Answer> enrol_done(Visit& visit) {
  if (!visit.signed_in()) co_return go(visit, with_flow(visit, "/login"));
  Answer answer = co_await proceed(visit);
  co_return answer;
}

}  // namespace ward::identity::web
