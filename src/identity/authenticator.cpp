#include "base/encoding.hpp"
#include "crypto/peer_certificate.hpp"
#include "room.hpp"

#include <algorithm>
#include <list>

namespace ward::identity {
namespace {

std::string challenge(const Settings& settings, std::string_view error, std::string_view description) {
  std::string text = "Bearer realm=\"" + settings.realm + '"';
  if (!error.empty())
    text += ", error=\"" + std::string(error) + "\", error_description=\"" + std::string(description) + '"';
  // RFC 9728 section 5.1.
  return text + ", resource_metadata=\"" + settings.resource_metadata_uri() + '"';
}

// What the client may know: a token of ours or of a trusted issuer, and why it does not hold.
struct Reason {
  std::string_view code;   // of check_token
  std::string_view issue;  // FHIR issue-type
  std::string_view description;
};
constexpr Reason reasons[] = {{"jwt_expired", "expired", "the token has expired"},
                              {"jwt_not_yet", "login", "the token is not valid yet"},
                              {"jwt_audience", "login", "the token is for another service"},
                              {"jwt_type", "login", "this is no access token"},
                              {"token_issuer", "login", "the token's issuer is not trusted here"},
                              {"token_revoked", "login", "the token was revoked"}};
constexpr Reason any_reason{"", "login", "the token is not valid"};

bool is_token(std::string_view text) {  // RFC 6750 section 2.1, b64token
  const auto body = text.substr(0, text.find_last_not_of('=') + 1);
  return !body.empty() && std::ranges::all_of(body, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/").find(c) != std::string_view::npos;
  });
}

Refusal refusal(int status, std::string code, std::string cause, std::string_view issue, std::string_view description,
                std::string header) {
  return Refusal{status,
                 std::move(code),
                 CauseKind::authentication,
                 std::move(cause),
                 {Issue{"error", std::string(issue), std::string(description), {}, 0, 0}},
                 {{"WWW-Authenticate", std::move(header)}}};
}

class CachedAuthenticator final : public Authenticator {
 public:
  CachedAuthenticator(Room& room, std::size_t entries_max)
      : room_(room), entries_max_(std::max<std::size_t>(entries_max, 1)) {}

  using Authenticator::authenticate;
  Allowed<CallerRef> authenticate(const Credentials& credentials) override {
    constexpr std::string_view bearer = "Bearer ", dpop = "DPoP ";
    const std::string_view authorization = credentials.authorization;
    const bool by_key = equal_ignoring_case(authorization.substr(0, dpop.size()), dpop);
    if (!by_key && !equal_ignoring_case(authorization.substr(0, bearer.size()), bearer)) return refuse(no_token());
    const std::string_view token = authorization.substr(by_key ? dpop.size() : bearer.size());
    const std::uint64_t settings_epoch = room_.settings_epoch();
    if (settings_epoch != settings_epoch_) forget_all(settings_epoch);

    auto caller = look_up(token);
    if (!caller) return caller;
    if (auto bound = check_binding(**caller, by_key, token, credentials); !bound) return refuse(bound.error());
    return caller;
  }

 private:
  // What is in the cache had the form of a token: looking at it again would double the time of the common case.
  Allowed<CallerRef> look_up(std::string_view token) {
    const crypto::Sha256 key = crypto::sha256(token);
    if (const auto found = index_.find(key); found != index_.end())
      if (auto caller = cached(found->second)) return *caller;
    if (!is_token(token)) return refuse(malformed());
    return fresh(key, token);
  }

  /// RFC 9449 section 7.1, RFC 8705 section 3: a bound token is worth nothing without its key.
  Allowed<void> check_binding(const Caller& caller, bool by_key, std::string_view token,
                              const Credentials& credentials) {
    if (by_key != !caller.key_thumbprint.empty())
      return refuse(
          not_bound(by_key ? "the token is no DPoP token" : "the token is bound: use the DPoP scheme and a proof"));
    if (!caller.certificate_thumbprint.empty() &&
        (credentials.certificate.empty() ||
         !constant_time_equal(crypto::certificate_thumbprint(credentials.certificate), caller.certificate_thumbprint)))
      return refuse(not_bound("the token is bound to another certificate"));
    if (!by_key) return {};
    const Settings& settings = room_.prepared()->settings;
    const std::string& base =
        credentials.certificate.empty() || settings.mtls_base.empty() ? settings.issuer : settings.mtls_base;
    const WallTime now = room_.clock().wall();
    const auto proof = room_.proofs().check(credentials.dpop,
                                            {.method = credentials.method,
                                             .url = base + std::string(credentials.path),
                                             .access_token = token,
                                             .expected_jkt = caller.key_thumbprint},
                                            now);
    if (proof) return {};
    return refuse(bad_proof(proof.error(), now));
  }

  Refusal not_bound(std::string_view description) const {
    return refusal(401, "token_binding", std::string(description), "login", description,
                   challenge(room_.prepared()->settings, "invalid_token", description));
  }

  Refusal bad_proof(const Error& error, WallTime now) const {
    const bool nonce = error.is("use_dpop_nonce");
    const Settings& settings = room_.prepared()->settings;
    std::string header = "DPoP realm=\"" + settings.realm + "\", error=\"" +
                         (nonce ? "use_dpop_nonce" : "invalid_dpop_proof") +
                         "\", algs=\"ES256 ES384 PS256 PS384 RS256 RS384 EdDSA\", resource_metadata=\"" +
                         settings.resource_metadata_uri() + '"';
    Refusal refused =
        refusal(401, "dpop_proof", std::string(error.code()), "login", error.message(), std::move(header));
    refused.headers.emplace_back("DPoP-Nonce", room_.proofs().nonce(now));
    return refused;
  }

  struct Entry {
    crypto::Sha256 key;
    CallerRef caller;
    std::uint64_t people_epoch;
  };
  using Place = std::list<Entry>::iterator;

  // Empty if the entry holds no longer: it is gone then.
  std::optional<CallerRef> cached(Place place) {
    const std::uint64_t epoch = room_.people_epoch();
    const bool good = room_.clock().wall() < place->caller->expires &&
                      (place->people_epoch == epoch || room_.still_good(*place->caller));
    if (!good) {
      index_.erase(place->key);
      recent_.erase(place);
      return std::nullopt;
    }
    place->people_epoch = epoch;
    recent_.splice(recent_.begin(), recent_, place);
    return place->caller;
  }

  Allowed<CallerRef> fresh(const crypto::Sha256& key, std::string_view token) {
    const std::uint64_t epoch = room_.people_epoch();  // before the check: a change during it is asked about again
    auto checked = room_.check_token(token);
    if (!checked) return refuse(not_valid(checked.error()));
    auto caller = std::make_shared<const Caller>(std::move(*checked));
    if (room_.clock().wall() >= caller->expires) return caller;  // within the skew: good now, and not kept
    if (index_.size() >= entries_max_) {
      index_.erase(recent_.back().key);
      recent_.pop_back();
    }
    recent_.push_front({key, caller, epoch});
    index_.emplace(key, recent_.begin());
    return caller;
  }

  void forget_all(std::uint64_t settings_epoch) {
    settings_epoch_ = settings_epoch;
    index_.clear();
    recent_.clear();
  }

  // RFC 6750 section 3.1: without authentication information, no error code.
  Refusal no_token() const {
    return refusal(401, "token_missing", "no bearer token", "login", "a bearer token is needed",
                   challenge(room_.prepared()->settings, "", ""));
  }

  Refusal malformed() const {
    constexpr std::string_view description = "the Authorization header is malformed";
    return refusal(400, "token_malformed", "the Authorization header is malformed", "invalid", description,
                   challenge(room_.prepared()->settings, "invalid_request", description));
  }

  Refusal not_valid(const Error& error) const {
    const auto found = std::ranges::find(reasons, error.code(), &Reason::code);
    const Reason& reason = found == std::end(reasons) ? any_reason : *found;
    return refusal(401, "token_invalid", std::string(error.code()) + ": " + error.message(), reason.issue,
                   reason.description, challenge(room_.prepared()->settings, "invalid_token", reason.description));
  }

  Room& room_;
  const std::size_t entries_max_;
  std::uint64_t settings_epoch_ = 0;
  std::list<Entry> recent_;
  std::unordered_map<crypto::Sha256, Place, DigestHash> index_;
};

}  // namespace

std::unique_ptr<Authenticator> Room::authenticator(std::size_t entries_max) {
  return std::make_unique<CachedAuthenticator>(*this, entries_max);
}

std::string insufficient_scope(const Settings& settings, std::string_view scope_needed) {
  std::string text = challenge(settings, "insufficient_scope", "the token's scope does not allow this");
  const bool plain =
      std::ranges::all_of(scope_needed, [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
  return plain && !scope_needed.empty() ? text + ", scope=\"" + std::string(scope_needed) + '"' : text;
}

}  // namespace ward::identity
