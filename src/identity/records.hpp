// What a person and a client may look like.
#pragma once

#include "client_certificate.hpp"
#include "crypto/jose.hpp"
#include "identity.hpp"

namespace ward::identity {

inline constexpr std::chrono::seconds token_lifetime_max{3600};  // identity.md: never more than 60 minutes

/// `client_id` in tokens that `ward token` made for a person; no client may have it.
inline constexpr std::string_view cli_client = "ward-cli";

/// The key algorithms that clients may prove themselves with (SMART backend services, and RFC 8725).
inline constexpr crypto::Algorithms client_algorithms = crypto::Algorithms::all();
/// FAPI 2.0 Security Profile section 5.4.1.
inline constexpr crypto::Algorithms fapi_algorithms{crypto::Algorithm::ps256, crypto::Algorithm::es256,
                                                    crypto::Algorithm::eddsa};
/// Those of a client's keys that it may be proven with.
inline crypto::KeySet usable_keys(const OAuthClient& client, const crypto::KeySet& keys) {
  return keys.only(client.fapi ? fapi_algorithms : client_algorithms);
}

std::string_view method_name(ClientAuthentication method);
std::optional<ClientAuthentication> parse_method(std::string_view name);

/// What may be registered to go back to: https, http on a loopback address (RFC 8252 section 7.3), or a private-use
/// scheme with a dot in it (section 7.1). No fragment, no user, no dot segments.
bool is_redirect_uri(std::string_view uri);
/// Whether `asked` is `registered`: byte for byte, but that a loopback address may have any port (RFC 8252
/// section 7.3).
bool same_redirect_uri(std::string_view registered, std::string_view asked);

/// Of a client's registration, if it has one.
Result<std::optional<CertificateName>> certificate_name(const OAuthClient& client);

Result<void> check(const Person& person);
Result<void> check(const OAuthClient& client);

/// "Practitioner/x", with a type that a person or thing can be.
bool is_fhir_user(std::string_view reference);

/// An array of texts, or one text; anything else is an error with `code`.
Result<std::vector<std::string>> texts(json::Value value, std::string_view name, std::string_view code);

void append_member(std::string& json, std::string_view name, std::string_view text);
void append_member(std::string& json, std::string_view name, const std::vector<std::string>& list);
void append_raw(std::string& json, std::string_view name, std::string_view value);

}  // namespace ward::identity
