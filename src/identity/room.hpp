// The inside of Identity: what its parts share.
#pragma once

#include "access_token.hpp"
#include "bounded.hpp"
#include "directory.hpp"
#include "outside.hpp"
#include "token/attempt.hpp"

namespace ward::identity {

/// Settings with what is parsed from them once. Never changes.
struct Prepared {
  Settings settings;
  std::vector<ReadyIssuer> issuers;
};
Result<std::shared_ptr<const Prepared>> prepare_settings(Settings settings);

TokenPlan plan_for(const KnownClient& known, const scope::ScopeSet& granted, const Settings& settings);

class Room final : public Identity {
 public:
  Room(std::shared_ptr<const Prepared> prepared, store::Store& store, crypto::KeyRing& ring, Clock& clock,
       Random& random)
      : store_(store),
        clock_(clock),
        tokens_(ring, clock, random),
        directory_(store, clock),
        prepared_(std::move(prepared)) {}

  Result<void> load();
  Result<void> reconfigure(Settings) override;

  std::optional<Person> person(std::string_view username) const override;
  std::optional<OAuthClient> client(std::string_view client_id) const override;
  std::vector<Person> people() const override;
  std::vector<OAuthClient> clients() const override;
  Result<Event> put_person(Person) override;
  Result<Event> put_client(OAuthClient) override;
  Result<Event> remove_person(std::string_view username) override;
  Result<Event> remove_client(std::string_view client_id) override;
  Result<Event> revoke_person_tokens(std::string_view username) override;
  Result<Event> revoke_client_tokens(std::string_view client_id) override;

  Answer token(const FormRequest&) override;
  Answer revoke(const FormRequest&) override;

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
  std::uint64_t people_epoch() const { return directory_.epoch() + revocations_.load(std::memory_order_acquire); }
  /// Grows when every token must be checked anew.
  std::uint64_t settings_epoch() const {
    return settings_epoch_.load(std::memory_order_acquire) + tokens_.keys_epoch();
  }
  std::shared_ptr<const Prepared> prepared() const;
  Clock& clock() const { return clock_; }

 private:
  Attempt attempt(const FormRequest& request, const Prepared& prepared, const Snapshot& snapshot);
  Answer issue(const Attempt& attempt);
  Result<void> revoke_token(const Caller& caller);
  Result<Caller> check_own(crypto::UnverifiedJwt token, const Prepared& prepared);
  Result<Caller> check_outside(crypto::UnverifiedJwt token, const Prepared& prepared);

  store::Store& store_;
  Clock& clock_;
  mutable AccessTokens tokens_;
  Directory directory_;
  SeenIds assertions_{200'000, 20'000};  // at most 300 s each: 66 a second of one client, 666 of all
  SeenIds revoked_{200'000, 20'000};     // at most 3600 s each
  std::atomic<std::uint64_t> revocations_{0};
  std::atomic<std::uint64_t> settings_epoch_{1};
  mutable std::mutex mutex_;
  std::shared_ptr<const Prepared> prepared_;
};

}  // namespace ward::identity
