#include "outside.hpp"

#include "records.hpp"

#include <algorithm>

namespace ward::identity {
namespace {

// "roles", or a path as in "realm_access.roles"; a claim of just that name goes first (some are URLs with dots).
json::Value find_claim(json::Value claims, std::string_view path) {
  if (const json::Value whole = claims[path]) return whole;
  while (true) {
    const auto dot = path.find('.');
    claims = claims[path.substr(0, dot)];
    if (dot == path.npos || !claims) return claims;
    path.remove_prefix(dot + 1);
  }
}

std::string our_role(const OutsideIssuer& issuer, const std::string& theirs) {
  if (issuer.role_map.empty()) return theirs;
  const auto found = std::ranges::find(issuer.role_map, theirs, [](const auto& pair) { return pair.first; });
  return found == issuer.role_map.end() ? std::string() : found->second;
}

std::vector<std::string> roles_of(const OutsideIssuer& issuer, json::Value claims) {
  std::vector<std::string> roles;
  if (!issuer.role_claim.empty()) {
    const auto theirs = texts(find_claim(claims, issuer.role_claim), "role claim", "token_claims");
    for (const std::string& one : theirs.value_or(std::vector<std::string>())) {
      const std::string role = our_role(issuer, one);
      const bool may_give = std::ranges::find(issuer.roles, role) != issuer.roles.end();
      if (may_give && std::ranges::find(roles, role) == roles.end()) roles.push_back(role);
    }
  }
  if (roles.empty() && !issuer.default_role.empty()) roles.push_back(issuer.default_role);
  return roles;
}

// Ours is relative, or absolute below our own base: somebody else's Patient/1 is not our Patient/1.
std::string fhir_user_of(const OutsideIssuer& issuer, json::Value claims, const Settings& settings) {
  if (issuer.fhir_user_claim.empty()) return {};
  std::string reference = find_claim(claims, issuer.fhir_user_claim).text();
  const std::string base = settings.fhir_base + "/";
  if (reference.starts_with(base)) reference.erase(0, base.size());
  return is_fhir_user(reference) ? reference : std::string();
}

Result<scope::ScopeSet> scope_of(const crypto::Jwt& token) {
  const json::Value scope = token.claims()["scope"] ? token.claims()["scope"] : token.claims()["scp"];
  auto words = texts(scope, "scope", "token_claims");
  if (!words) return std::unexpected(words.error());
  std::string text;
  for (const std::string& word : *words) text += (text.empty() ? "" : " ") + word;
  return scope::ScopeSet::parse(text);
}

}  // namespace

Result<ReadyIssuer> prepare(const OutsideIssuer& issuer) {
  crypto::Algorithms algorithms;
  for (const std::string& name : issuer.algorithms) {
    const auto algorithm = crypto::parse_algorithm(name);
    if (!algorithm)
      return fail("issuer",
                  "algorithms: \"" + name + "\" is not one of ES256, ES384, RS256, RS384, PS256, PS384, EdDSA");
    algorithms.add(*algorithm);
  }
  auto keys = crypto::KeySet::parse(issuer.jwks);
  if (!keys) return fail("issuer", "jwks: " + keys.error().message());
  crypto::KeySet allowed = keys->only(algorithms);
  if (std::ranges::none_of(allowed.keys(), [](const crypto::PublicKey& key) { return !key.algorithms().empty(); }))
    return fail("issuer", "jwks: has no key for the algorithms allowed");
  return ReadyIssuer{issuer, std::move(allowed)};
}

Result<Caller> map_claims(const ReadyIssuer& ready, const crypto::Jwt& token, const Settings& settings) {
  Caller caller;
  caller.outside = true;
  caller.issuer = ready.issuer.url;
  caller.subject = token.claim("sub");
  if (caller.subject.empty() || caller.subject.size() > 256) return fail("token_claims", "the token has no subject");
  caller.client_id = token.claim("client_id").empty() ? token.claim("azp") : token.claim("client_id");
  auto scope = scope_of(token);
  if (!scope) return fail("token_claims", "the token's scope is malformed");
  caller.scope = std::move(*scope);
  caller.roles = roles_of(ready.issuer, token.claims());
  caller.fhir_user = fhir_user_of(ready.issuer, token.claims(), settings);
  // RFC 9068 section 2.2: of a client's own token, sub is the client.
  caller.kind = caller.subject == caller.client_id ? Caller::Kind::client : Caller::Kind::person;
  if (caller.kind == Caller::Kind::person) caller.username = caller.subject;
  caller.purpose = ready.issuer.purpose;
  caller.token_id = token.claim("jti");
  caller.issued = WallTime(std::chrono::seconds(token.time("iat").value_or(0)));
  caller.expires = WallTime(std::chrono::seconds(token.time("exp").value_or(0)));
  return caller;
}

}  // namespace ward::identity
