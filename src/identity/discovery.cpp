// What clients are told about us: only what works.
#include "records.hpp"
#include "room.hpp"

namespace ward::identity {
namespace {

const std::vector<std::string> grant_types{"client_credentials"};
const std::vector<std::string> methods{"private_key_jwt", "client_secret_basic"};
const std::vector<std::string> signing_algorithms{"ES256", "ES384", "RS256", "RS384", "PS256", "PS384", "EdDSA"};
const std::vector<std::string> scopes{"system/*.cruds", "system/*.rs", "user/*.cruds", "patient/*.cruds"};

// The members that RFC 8414 and SMART have in common.
std::string common(const Settings& settings) {
  std::string json;
  append_member(json, "issuer", settings.issuer);
  append_member(json, "token_endpoint", settings.token_endpoint());
  append_member(json, "jwks_uri", settings.jwks_uri());
  append_member(json, "revocation_endpoint", settings.revocation_endpoint());
  append_member(json, "grant_types_supported", grant_types);
  append_member(json, "token_endpoint_auth_methods_supported", methods);
  append_member(json, "token_endpoint_auth_signing_alg_values_supported", signing_algorithms);
  append_member(json, "revocation_endpoint_auth_methods_supported", methods);
  append_member(json, "revocation_endpoint_auth_signing_alg_values_supported", signing_algorithms);
  append_member(json, "scopes_supported", scopes);
  // Required by RFC 8414 section 2; empty while there is no authorization endpoint.
  append_member(json, "response_types_supported", std::vector<std::string>{});
  return json;
}

}  // namespace

std::string Room::authorization_server_metadata() const { return common(prepared()->settings) + "}"; }

// OpenID Connect Discovery requires the last two. No ID token is issued yet; they say what one would be.
std::string Room::openid_configuration() const {
  std::string json = common(prepared()->settings);
  append_member(json, "subject_types_supported", std::vector<std::string>{"public"});
  append_member(json, "id_token_signing_alg_values_supported", std::vector<std::string>{"ES256"});
  return json + "}";
}

// SMART App Launch 2.2, section "Conformance": code_challenge_methods_supported is required of every server, also of
// one without launch; the capabilities say that there is none yet.
std::string Room::smart_configuration() const {
  std::string json = common(prepared()->settings);
  append_member(json, "code_challenge_methods_supported", std::vector<std::string>{"S256"});
  append_member(json, "capabilities",
                std::vector<std::string>{"client-confidential-asymmetric", "client-confidential-symmetric",
                                         "permission-v1", "permission-v2"});
  return json + "}";
}

// RFC 9728 section 2.
std::string Room::protected_resource_metadata() const {
  const auto current = prepared();
  std::string json;
  append_member(json, "resource", current->settings.fhir_base);
  std::vector<std::string> servers{current->settings.issuer};
  for (const ReadyIssuer& one : current->issuers) servers.push_back(one.issuer.url);
  append_member(json, "authorization_servers", servers);
  append_member(json, "bearer_methods_supported", std::vector<std::string>{"header"});
  append_member(json, "scopes_supported", scopes);
  return json + "}";
}

std::string Room::jwks() const { return tokens_.keys().text(); }

}  // namespace ward::identity
