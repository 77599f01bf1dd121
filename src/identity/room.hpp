// The inside of Identity: what its parts share.
#pragma once

#include "access_token.hpp"
#include "agreements.hpp"
#include "bounded.hpp"
#include "consents.hpp"
#include "directory.hpp"
#include "dpop.hpp"
#include "factor_book.hpp"
#include "history.hpp"
#include "key_fetch.hpp"
#include "launches.hpp"
#include "outside.hpp"
#include "password_pool.hpp"
#include "pushed.hpp"
#include "sessions.hpp"
#include "sign_in_guard.hpp"
#include "token/attempt.hpp"

#include <set>

namespace ward::identity {

/// Settings with what is parsed from them once. Never changes.
struct Prepared {
  Settings settings;
  std::vector<ReadyIssuer> issuers;
};
Result<std::shared_ptr<const Prepared>> prepare_settings(Settings settings);

TokenPlan plan_for(const KnownClient& known, const scope::ScopeSet& granted, const Settings& settings);

inline constexpr std::int64_t refresh_idle = 30 * 86400, refresh_ends_at_last = 90 * 86400;  // identity.md

/// How strongly a person signed in, as `acr`: NIST SP 800-63B-4 AAL2 with a second factor.
std::string acr_of(std::string_view amr);

namespace web {
struct Visit;
}

class Room final : public Identity {
 public:
  Room(std::shared_ptr<const Prepared> prepared, store::Store& store, crypto::KeyRing& ring, Clock& clock,
       Random& random)
      : store_(store),
        clock_(clock),
        random_(random),
        ring_(ring),
        tokens_(ring, clock, random),
        directory_(store, clock),
        sessions_(store),
        agreements_(store),
        consents_(store),
        factors_(store, random),
        history_(store),
        passwords_(random),
        proofs_(random),
        prepared_(std::move(prepared)),
        key_fetch_(make_key_fetch()) {}

  Result<void> load();
  Result<void> reconfigure(Settings) override;

  std::optional<Person> person(std::string_view username) const override;
  std::optional<OAuthClient> client(std::string_view client_id) const override;
  std::vector<Person> people() const override;
  std::vector<OAuthClient> clients() const override;
  std::vector<Person> people_after(std::string_view after, std::size_t limit) const override;
  std::vector<OAuthClient> clients_after(std::string_view after, std::size_t limit) const override;
  Result<Event> put_person(Person) override;
  Result<Event> change_person(const Person& before, Person after) override;
  Result<Event> put_client(OAuthClient) override;
  Result<Event> remove_person(std::string_view username) override;
  Result<Event> remove_client(std::string_view client_id) override;
  Result<Event> revoke_person_tokens(std::string_view username) override;
  Result<Event> revoke_client_tokens(std::string_view client_id) override;

  Result<Event> set_totp(std::string_view username, const Secret<std::string>& secret) override;
  Result<std::vector<Secret<std::string>>> make_recovery_codes(std::string_view username) override;
  Result<Event> reset_factors(std::string_view username) override;
  bool has_second_factor(std::string_view username) const override;
  std::vector<SessionInfo> sessions_of(std::string_view username) const override;
  std::vector<SessionInfo> sessions_after(std::string_view after, std::size_t limit) const override;
  std::optional<SessionInfo> session(std::string_view id) const override;
  Result<SessionInfo> end_session(std::string_view id) override;
  Result<std::size_t> end_sessions(std::string_view username) override;

  bool serves(std::string_view path) const override;
  boost::asio::awaitable<Answer> serve(const FormRequest&) override;
  bool allows_origin(std::string_view origin) const override;

  std::string authorization_server_metadata() const override;
  std::string openid_configuration() const override;
  std::string smart_configuration() const override;
  std::string protected_resource_metadata() const override;
  std::string jwks() const override;

  Result<Minted> mint_person(std::string_view username, std::string_view scope, std::string_view purpose) override;
  Result<Minted> mint_client(std::string_view client_id, std::string_view scope) override;
  std::unique_ptr<Authenticator> authenticator(std::size_t entries_max) override;

  // For the authenticators.

  /// The whole check of a token. Error codes are those of crypto::Jwt, "token_issuer", "token_claims", "token_revoked".
  Result<Caller> check_token(std::string_view token);
  /// Is a caller whose token was good still one? Only what may change is asked: directory and revocations.
  bool still_good(const Caller& caller) const;
  /// Grows when a caller must be asked about again.
  std::uint64_t people_epoch() const {
    return directory_.epoch() + agreements_.epoch() + revocations_.load(std::memory_order_acquire);
  }
  /// Grows when every token must be checked anew.
  std::uint64_t settings_epoch() const {
    return settings_epoch_.load(std::memory_order_acquire) + tokens_.keys_epoch();
  }
  std::shared_ptr<const Prepared> prepared() const;
  Clock& clock() const { return clock_; }

  // For the pages.
  Random& random() const { return random_; }
  std::shared_ptr<const Snapshot> snapshot() const { return directory_.now(); }
  crypto::KeySet keys() { return tokens_.keys(); }
  Sessions& sessions() { return sessions_; }
  Agreements& agreements() { return agreements_; }
  Consents& consents() { return consents_; }
  FactorBook& factors() { return factors_; }
  const FactorBook& factors() const { return factors_; }
  History& history() { return history_; }
  SignInGuard& guard() { return guard_; }
  PasswordPool& passwords() { return passwords_; }
  Pushed& pushed() { return pushed_; }
  Launches& launches() { return launches_; }
  SeenIds& challenges() { return challenges_; }
  DpopProofs& proofs() { return proofs_; }
  const Secret<std::string>& csrf_key() const { return csrf_key_; }
  const Secret<std::string>& flow_key() const { return flow_key_; }
  /// Ends a session, and the agreements that were to last as long as it.
  boost::asio::awaitable<Result<void>> end_session(const Session& session);
  void note_sign_in(std::string_view username, const web::Visit& visit, const Event& event);

 private:
  Result<void> load_keys();
  std::shared_ptr<KeyFetch> make_key_fetch() const;
  Attempt attempt(const FormRequest& request, std::string_view endpoint, const Prepared& prepared,
                  const Snapshot& snapshot);
  boost::asio::awaitable<Refused> prove_client(Attempt& attempt);
  boost::asio::awaitable<Refused> fetch_keys(Attempt& attempt, KeyFetch::Want want);
  Answer refuse(const Attempt& attempt, const TokenError& error, std::string event_name);
  Answer issue(const Attempt& attempt);
  boost::asio::awaitable<Answer> token(const FormRequest&);       // RFC 6749 section 3.2
  boost::asio::awaitable<Answer> revoke(const FormRequest&);      // RFC 7009
  boost::asio::awaitable<Answer> introspect(const FormRequest&);  // RFC 7662
  Answer sign_introspection(const Attempt& attempt, Answer answer);
  boost::asio::awaitable<Answer> push(const FormRequest&);      // RFC 9126
  boost::asio::awaitable<Answer> launch(const FormRequest&);    // SMART App Launch 2.2 section 2.1.7
  boost::asio::awaitable<Answer> userinfo(const FormRequest&);  // OpenID Connect Core section 5.3
  boost::asio::awaitable<Answer> grant_code(Attempt& attempt);
  boost::asio::awaitable<Answer> grant_refresh(Attempt& attempt);
  boost::asio::awaitable<Answer> give_successor(Attempt& attempt);
  boost::asio::awaitable<Answer> refuse_grant(const Attempt& attempt, const TokenError& error);
  Answer issue_to_person(const Attempt& attempt, const Agreement& agreement, const std::string& refresh_token);
  Result<void> forget(std::string_view username);
  static Result<Event> person_changed(std::string_view username, Result<bool> put);
  Result<void> end_blocking(const Session& session);
  Result<store::Queued> revoke_token(const Caller& caller);
  Result<Caller> check_own(crypto::UnverifiedJwt token, const Prepared& prepared);
  Result<Caller> check_outside(crypto::UnverifiedJwt token, const Prepared& prepared);

  store::Store& store_;
  Clock& clock_;
  Random& random_;
  crypto::KeyRing& ring_;
  mutable AccessTokens tokens_;
  Directory directory_;
  Sessions sessions_;
  Agreements agreements_;
  Consents consents_;
  FactorBook factors_;
  History history_;
  SignInGuard guard_;
  PasswordPool passwords_;
  Pushed pushed_;
  Launches launches_;
  DpopProofs proofs_;
  Secret<std::string> csrf_key_, flow_key_, refresh_key_;
  SeenIds challenges_{200'000, 1'000};
  SeenIds assertions_{200'000, 20'000};  // at most 300 s each: 66 a second of one client, 666 of all
  SeenIds revoked_{200'000, 20'000};     // at most 3600 s each
  std::atomic<std::uint64_t> revocations_{0};
  std::atomic<std::uint64_t> settings_epoch_{1};
  mutable std::mutex mutex_;
  std::shared_ptr<const Prepared> prepared_;
  std::shared_ptr<KeyFetch> key_fetch_;  // under `mutex_`; held by who waits for it
  struct Origins {
    std::uint64_t epoch = 0;  // of the directory
    std::set<std::string, std::less<>> all;
  };
  mutable std::shared_ptr<const Origins> origins_;  // under `mutex_`
};

}  // namespace ward::identity
