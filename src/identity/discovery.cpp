// What clients are told about us: only what works.
#include "records.hpp"
#include "room.hpp"

namespace ward::identity {
namespace {

const std::vector<std::string> grant_types{"authorization_code", "refresh_token", "client_credentials"};
const std::vector<std::string> methods{"private_key_jwt", "client_secret_basic", "client_secret_post", "none"};
const std::vector<std::string> mtls_methods{"tls_client_auth", "self_signed_tls_client_auth"};
const std::vector<std::string> signing_algorithms{"ES256", "ES384", "RS256", "RS384", "PS256", "PS384", "EdDSA"};
const std::vector<std::string> scopes{"openid",          "profile",          "fhirUser",       "launch",
                                      "launch/patient",  "launch/encounter", "offline_access", "online_access",
                                      "patient/*.cruds", "user/*.cruds",     "system/*.cruds", "system/*.rs"};

std::vector<std::string> methods_of(const Settings& settings) {
  std::vector<std::string> all = methods;
  if (!settings.mtls_base.empty()) all.insert(all.end(), mtls_methods.begin(), mtls_methods.end());
  return all;
}

// RFC 8705 section 5.
std::string mtls_aliases(const Settings& settings) {
  std::string json;
  for (const std::string_view one : {"token", "revoke", "introspect", "par", "userinfo"}) {
    const std::string name = one == "revoke"       ? "revocation_endpoint"
                             : one == "introspect" ? "introspection_endpoint"
                             : one == "par"        ? "pushed_authorization_request_endpoint"
                                                   : std::string(one) + "_endpoint";
    append_member(json, name, settings.mtls_base + "/oauth/" + std::string(one));
  }
  return json + "}";
}

// The members that RFC 8414 and SMART have in common.
std::string common(const Settings& settings) {
  std::string json;
  append_member(json, "issuer", settings.issuer);
  append_member(json, "authorization_endpoint", settings.endpoint("authorize"));
  append_member(json, "token_endpoint", settings.token_endpoint());
  append_member(json, "jwks_uri", settings.jwks_uri());
  append_member(json, "revocation_endpoint", settings.revocation_endpoint());
  append_member(json, "introspection_endpoint", settings.endpoint("introspect"));
  append_member(json, "pushed_authorization_request_endpoint", settings.endpoint("par"));
  append_member(json, "grant_types_supported", grant_types);
  append_member(json, "response_types_supported", std::vector<std::string>{"code"});
  append_member(json, "response_modes_supported", std::vector<std::string>{"query", "form_post"});
  append_member(json, "code_challenge_methods_supported", std::vector<std::string>{"S256"});
  for (const std::string_view one : {"token", "revocation", "introspection"}) {
    append_member(json, std::string(one) + "_endpoint_auth_methods_supported", methods_of(settings));
    append_member(json, std::string(one) + "_endpoint_auth_signing_alg_values_supported", signing_algorithms);
  }
  append_member(json, "introspection_signing_alg_values_supported", std::vector<std::string>{"ES256"});
  append_member(json, "scopes_supported", scopes);
  append_raw(json, "authorization_response_iss_parameter_supported", "true");
  append_member(json, "dpop_signing_alg_values_supported", signing_algorithms);
  if (!settings.mtls_base.empty()) {
    append_raw(json, "tls_client_certificate_bound_access_tokens", "true");
    append_raw(json, "mtls_endpoint_aliases", mtls_aliases(settings));
  }
  return json;
}

}  // namespace

std::string Room::authorization_server_metadata() const { return common(prepared()->settings) + "}"; }

std::string Room::openid_configuration() const {
  const auto current = prepared();
  std::string json = common(current->settings);
  append_member(json, "userinfo_endpoint", current->settings.endpoint("userinfo"));
  append_member(json, "end_session_endpoint", current->settings.issuer + "/logout");
  append_member(json, "subject_types_supported", std::vector<std::string>{"public"});
  append_member(json, "id_token_signing_alg_values_supported", std::vector<std::string>{"ES256", "RS256"});
  append_member(json, "acr_values_supported", std::vector<std::string>{std::string(acr_two_factors)});
  append_member(json, "prompt_values_supported",
                std::vector<std::string>{"none", "login", "consent", "select_account"});
  append_member(json, "ui_locales_supported", std::vector<std::string>{"en", "es"});
  append_member(json, "claims_supported",
                std::vector<std::string>{"sub", "iss", "aud", "auth_time", "acr", "amr", "nonce", "sid", "name",
                                         "preferred_username", "fhirUser"});
  append_raw(json, "request_parameter_supported", "false");
  append_raw(json, "request_uri_parameter_supported", "false");
  append_raw(json, "claims_parameter_supported", "true");
  return json + "}";
}

// SMART App Launch 2.2, section "Conformance".
std::string Room::smart_configuration() const {
  std::string json = common(prepared()->settings);
  append_member(
      json, "capabilities",
      std::vector<std::string>{"launch-ehr", "launch-standalone", "authorize-post", "client-public",
                               "client-confidential-symmetric", "client-confidential-asymmetric", "sso-openid-connect",
                               "context-banner", "context-style", "context-ehr-patient", "context-ehr-encounter",
                               "context-standalone-patient", "permission-offline", "permission-online",
                               "permission-patient", "permission-user", "permission-v1", "permission-v2"});
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
