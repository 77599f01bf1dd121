#include "access_token.hpp"

#include "records.hpp"

#include <algorithm>
#include <charconv>

namespace ward::identity {
namespace {

constexpr const char* purpose_of_key = "token-sign";
constexpr const char* purpose_of_rsa_key = "id-token-sign";  // for clients that want RS256
constexpr std::chrono::seconds id_token_lifetime{300};

// `sub` of a person and of a client may be the same word; this claim keeps them apart (RFC 9700 section 4.15).
constexpr const char* kind_claim = "sub_kind";

std::string confirmation(const TokenPlan& plan) {
  std::string cnf;
  if (!plan.key_thumbprint.empty()) append_member(cnf, "jkt", plan.key_thumbprint);
  if (!plan.certificate_thumbprint.empty()) append_member(cnf, "x5t#S256", plan.certificate_thumbprint);
  return cnf.empty() ? cnf : cnf + "}";
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace

std::string acting(const Settings& settings, std::string_view subject, std::string_view fhir_user,
                   std::string_view patient) {
  if (patient.empty() || !fhir_user.starts_with("RelatedPerson/")) return {};
  std::string act;
  append_member(act, "sub", subject);
  append_member(act, "fhirUser", settings.fhir_base + "/" + std::string(fhir_user));
  return act + "}";
}

crypto::KeySet AccessTokens::keys() {
  // The ring is read under the lock: who read it before a key was retired must not put that key back afterwards.
  const std::lock_guard lock(mutex_);
  auto ring_keys = ring_.all_signing(purpose_of_key);
  const std::size_t elliptic = ring_keys.size();
  for (auto& one : ring_.all_signing(purpose_of_rsa_key)) ring_keys.push_back(std::move(one));
  const bool same = std::ranges::equal(ring_keys, known_.keys(), [](const auto& ours, const crypto::PublicKey& known) {
    return ours.first.id == known.id();
  });
  if (same) return known_;
  std::vector<crypto::PublicKey> keys;
  for (std::size_t i = 0; i < ring_keys.size(); ++i)
    keys.push_back(crypto::PublicKey::of(ring_keys[i].second, ring_keys[i].first.id,
                                         {i < elliptic ? crypto::Algorithm::es256 : crypto::Algorithm::rs256}));
  const bool one_went = std::ranges::any_of(known_.keys(), [&](const crypto::PublicKey& known) {
    return std::ranges::none_of(keys, [&](const crypto::PublicKey& key) { return key.id() == known.id(); });
  });
  known_ = crypto::KeySet(std::move(keys));
  if (one_went) epoch_.fetch_add(1, std::memory_order_release);
  return known_;
}

Result<void> AccessTokens::prepare() {
  auto key = ring_.signing(purpose_of_key, crypto::SigningKey::Kind::p256);
  if (!key) return std::unexpected(std::move(key.error()));
  return {};
}

Result<AccessTokens::Issued> AccessTokens::issue(const Settings& settings, const TokenPlan& plan) {
  auto key = ring_.signing(purpose_of_key, crypto::SigningKey::Kind::p256);
  if (!key) return std::unexpected(key.error());
  const std::int64_t now = unix_seconds(clock_.wall());
  Issued issued{{}, random_.token(16)};
  std::string claims;
  append_member(claims, "iss", settings.issuer);
  append_member(claims, "sub", plan.subject);
  append_member(claims, "aud", settings.fhir_base);
  append_member(claims, "client_id", plan.client_id);
  append_member(claims, kind_claim, plan.kind == Caller::Kind::person ? "person" : "client");
  append_member(claims, "scope", plan.scope);
  append_raw(claims, "iat", std::to_string(now));
  append_raw(claims, "exp", std::to_string(now + plan.lifetime.count()));
  append_member(claims, "jti", issued.token_id);
  if (!plan.fhir_user.empty()) append_member(claims, "fhirUser", settings.fhir_base + "/" + plan.fhir_user);
  if (!plan.roles.empty()) append_member(claims, "roles", plan.roles);
  if (!plan.purpose.empty()) append_member(claims, "purpose", plan.purpose);
  append_raw(claims, "gen", std::to_string(plan.generation));
  if (!plan.agreement.empty()) append_member(claims, "agreement", plan.agreement);
  if (!plan.patient.empty()) append_member(claims, "patient", plan.patient);
  if (!plan.encounter.empty()) append_member(claims, "encounter", plan.encounter);
  if (!plan.acr.empty()) append_member(claims, "acr", plan.acr);
  if (plan.auth_time != 0) append_raw(claims, "auth_time", std::to_string(plan.auth_time));
  if (const std::string act = acting(settings, plan.subject, plan.fhir_user, plan.patient); !act.empty())
    append_raw(claims, "act", act);
  if (const std::string bound = confirmation(plan); !bound.empty()) append_raw(claims, "cnf", bound);
  issued.token = crypto::make_jwt(key->second, crypto::Algorithm::es256, key->first.id, "at+jwt", claims + "}");
  return issued;
}

Result<std::string> AccessTokens::issue_id_token(const Settings& settings, const IdTokenPlan& plan) {
  const bool rsa = plan.algorithm == "RS256";
  auto key = rsa ? ring_.signing(purpose_of_rsa_key, crypto::SigningKey::Kind::rsa3072)
                 : ring_.signing(purpose_of_key, crypto::SigningKey::Kind::p256);
  if (!key) return std::unexpected(key.error());
  const std::int64_t now = unix_seconds(clock_.wall());
  std::string claims;
  append_member(claims, "iss", settings.issuer);
  append_member(claims, "sub", plan.subject);
  append_member(claims, "aud", plan.client_id);
  append_raw(claims, "iat", std::to_string(now));
  append_raw(claims, "exp", std::to_string(now + id_token_lifetime.count()));
  append_raw(claims, "auth_time", std::to_string(plan.auth_time));
  if (!plan.nonce.empty()) append_member(claims, "nonce", plan.nonce);
  append_member(claims, "acr", plan.acr);
  append_member(claims, "amr", words_of(plan.amr));
  if (!plan.session.empty()) append_member(claims, "sid", plan.session);
  if (!plan.fhir_user.empty()) append_member(claims, "fhirUser", settings.fhir_base + "/" + plan.fhir_user);
  if (!plan.name.empty()) append_member(claims, "name", plan.name);
  if (!plan.preferred_username.empty()) append_member(claims, "preferred_username", plan.preferred_username);
  return crypto::make_jwt(key->second, rsa ? crypto::Algorithm::rs256 : crypto::Algorithm::es256, key->first.id, "JWT",
                          claims + "}");
}

Result<std::string> AccessTokens::issue_introspection(const Settings& settings, std::string_view audience,
                                                      std::string_view answer) {
  auto key = ring_.signing(purpose_of_key, crypto::SigningKey::Kind::p256);
  if (!key) return std::unexpected(key.error());
  std::string claims;
  append_member(claims, "iss", settings.issuer);
  append_member(claims, "aud", audience);
  append_raw(claims, "iat", std::to_string(unix_seconds(clock_.wall())));
  append_raw(claims, "token_introspection", answer);
  return crypto::make_jwt(key->second, crypto::Algorithm::es256, key->first.id, "token-introspection+jwt",
                          claims + "}");
}

Result<Caller> read_claims(const crypto::Jwt& token) {
  Caller caller;
  const std::string kind = token.claim(kind_claim);
  if (kind != "person" && kind != "client") return fail("token_claims", "the token does not say what its subject is");
  caller.kind = kind == "person" ? Caller::Kind::person : Caller::Kind::client;
  caller.subject = token.claim("sub");
  caller.client_id = token.claim("client_id");
  if (caller.kind == Caller::Kind::person) caller.username = caller.subject;
  auto scope = scope::ScopeSet::parse(token.claim("scope"));
  if (!scope || caller.subject.empty() || caller.client_id.empty())
    return fail("token_claims", "the token lacks a subject, client or scope");
  caller.scope = std::move(*scope);
  caller.purpose = token.claim("purpose");
  caller.token_id = token.claim("jti");
  caller.issuer = token.claim("iss");
  caller.agreement = token.claim("agreement");
  caller.patient = token.claim("patient");
  caller.encounter = token.claim("encounter");
  caller.acr = token.claim("acr");
  caller.auth_time = token.time("auth_time").value_or(0);
  const json::Value confirmation = token.claims()["cnf"];
  caller.key_thumbprint = confirmation.string("jkt");
  caller.certificate_thumbprint = confirmation.string("x5t#S256");
  caller.issued = WallTime(std::chrono::seconds(token.time("iat").value_or(0)));
  caller.expires = WallTime(std::chrono::seconds(token.time("exp").value_or(0)));
  const json::Value generation = token.claims()["gen"];
  if (generation && generation.type() == json::Type::number)
    std::from_chars(generation.raw().data(), generation.raw().data() + generation.raw().size(), caller.generation);
  return caller;
}

}  // namespace ward::identity
