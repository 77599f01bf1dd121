// What a person and a client may look like.
#pragma once

#include "crypto/jose.hpp"
#include "identity.hpp"

namespace ward::identity {

inline constexpr std::chrono::seconds token_lifetime_max{3600};  // identity.md: never more than 60 minutes

/// `client_id` in tokens that `ward token` made for a person; no client may have it.
inline constexpr std::string_view cli_client = "ward-cli";

/// The key algorithms that clients may prove themselves with (SMART backend services, and RFC 8725).
inline constexpr crypto::Algorithms client_algorithms = crypto::Algorithms::all();

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
