#include "access_token.hpp"

#include "records.hpp"

#include <algorithm>
#include <charconv>

namespace ward::identity {
namespace {

constexpr const char* purpose_of_key = "token-sign";

// `sub` of a person and of a client may be the same word; this claim keeps them apart (RFC 9700 section 4.15).
constexpr const char* kind_claim = "sub_kind";

}  // namespace

crypto::KeySet AccessTokens::keys() {
  const auto ring_keys = ring_.all_signing(purpose_of_key);
  const std::lock_guard lock(mutex_);
  const bool same = std::ranges::equal(ring_keys, known_.keys(), [](const auto& ours, const crypto::PublicKey& known) {
    return ours.first.id == known.id();
  });
  if (same) return known_;
  std::vector<crypto::PublicKey> keys;
  for (const auto& [entry, key] : ring_keys)
    keys.push_back(crypto::PublicKey::of(key, entry.id, {crypto::Algorithm::es256}));
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
  issued.token = crypto::make_jwt(key->second, crypto::Algorithm::es256, key->first.id, "at+jwt", claims + "}");
  return issued;
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
  caller.issued = WallTime(std::chrono::seconds(token.time("iat").value_or(0)));
  caller.expires = WallTime(std::chrono::seconds(token.time("exp").value_or(0)));
  const json::Value generation = token.claims()["gen"];
  if (generation && generation.type() == json::Type::number)
    std::from_chars(generation.raw().data(), generation.raw().data() + generation.raw().size(), caller.generation);
  return caller;
}

}  // namespace ward::identity
