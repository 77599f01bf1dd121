#include "records.hpp"
#include "room.hpp"

namespace ward::identity {
namespace {

bool publishes_keys(const Attempt& attempt) {
  return attempt.candidate != nullptr && !attempt.candidate->client.jwks_uri.empty();
}

/// OpenID Connect Core section 10.1.1: a `kid` that is not known is how a client says that it has a new key.
bool lacks_key(const Attempt& attempt) {
  if (!attempt.assertion || attempt.assertion->key_id().empty()) return false;
  return std::ranges::none_of(attempt.fetched->keys(),
                              [&](const crypto::PublicKey& key) { return key.id() == attempt.assertion->key_id(); });
}

}  // namespace

std::shared_ptr<KeyFetch> Room::make_key_fetch() const {
  const Settings& settings = prepared_->settings;
  return std::make_shared<KeyFetch>(
      KeyFetch::Options{.allow_loopback = settings.jwks_uri_loopback, .ca = settings.jwks_uri_ca}, clock_);
}

boost::asio::awaitable<Refused> Room::fetch_keys(Attempt& attempt, KeyFetch::Want want) {
  std::shared_ptr<KeyFetch> fetch;
  {
    const std::lock_guard lock(mutex_);
    fetch = key_fetch_;
  }
  Result<crypto::KeySet> keys = co_await fetch->keys(attempt.candidate->client.jwks_uri, want);
  attempt.now = clock_.wall();  // it may have taken seconds
  // Not the client's fault, and gone in a moment.
  if (!keys && keys.error().is("jwks_busy"))
    co_return TokenError{503, "temporarily_unavailable", keys.error().message(), "jwks_busy"};
  if (!keys) co_return invalid_client(std::string(keys.error().code()));
  attempt.fetched = usable_keys(attempt.candidate->client, *keys);
  co_return Refused{};
}

boost::asio::awaitable<Refused> Room::prove_client(Attempt& attempt) {
  if (auto refused = run(client_named, attempt)) co_return refused;
  if (!publishes_keys(attempt)) co_return run(client_proven, attempt);
  Refused refused = co_await fetch_keys(attempt, KeyFetch::Want::any);
  if (!refused && lacks_key(attempt)) refused = co_await fetch_keys(attempt, KeyFetch::Want::newer);
  if (!refused) refused = run(client_proven, attempt);
  // A certificate names no kid: its key may be newer than what is known.
  if (!refused || refused->reason != "certificate_other") co_return refused;
  refused = co_await fetch_keys(attempt, KeyFetch::Want::newer);
  if (!refused) refused = run(client_proven, attempt);
  co_return refused;
}

}  // namespace ward::identity
