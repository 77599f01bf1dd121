#include "base/encoding.hpp"
#include "token/attempt.hpp"
#include "token/refresh_token.hpp"

namespace ward::identity {
namespace {

constexpr std::string_view jwt_bearer =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";  // RFC 7523 section 2.2
constexpr std::size_t client_id_bytes_max = 256;

// RFC 6749 section 2.3.1: both parts are encoded as in a form, then joined.
Refused read_basic(Attempt& attempt) {
  constexpr std::string_view scheme = "Basic ";
  const std::string_view header = attempt.request.authorization;
  if (header.size() <= scheme.size() || !equal_ignoring_case(header.substr(0, scheme.size()), scheme))
    return invalid_client("authorization_scheme", "the Authorization header must use Basic");
  const auto decoded = base64_decode(header.substr(scheme.size()));
  const auto colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return invalid_client("basic_malformed", "the Basic credentials are malformed");
  auto id = percent_decode(decoded->substr(0, colon), true);
  auto secret = percent_decode(decoded->substr(colon + 1), true);
  if (!id || !secret || id->empty() || id->size() > client_id_bytes_max)
    return invalid_client("basic_malformed", "the Basic credentials are malformed");
  attempt.method = ClientAuthentication::client_secret_basic;
  attempt.claimed_client = std::move(*id);
  attempt.secret = std::move(*secret);
  return {};
}

Refused read_assertion(Attempt& attempt, const std::string& text) {
  if (attempt.form.get("client_assertion_type") != jwt_bearer)
    return invalid_request("client_assertion_type must be " + std::string(jwt_bearer), "assertion_type");
  auto assertion = crypto::UnverifiedJwt::parse(text);
  if (!assertion)
    return invalid_client("assertion_" + std::string(assertion.error().code()), assertion.error().message());
  attempt.method = ClientAuthentication::private_key_jwt;
  attempt.claimed_client = assertion->claimed_subject();
  if (attempt.claimed_client.empty() || attempt.claimed_client.size() > client_id_bytes_max)
    return invalid_client("assertion_subject", "the assertion needs sub, the client_id");
  attempt.assertion = std::move(*assertion);
  return {};
}

/// SMART App Launch 2.2 has public apps refresh without naming themselves, and fhirclient does so: the refresh token
/// says whose it is. All others must name and prove themselves.
std::optional<std::string> named_by_refresh_token(const Attempt& attempt) {
  if (attempt.form.get("grant_type") != "refresh_token") return std::nullopt;
  const auto token = read_refresh_token(attempt.form.get("refresh_token").value_or(""), attempt.refresh_key);
  const auto agreement = token ? attempt.agreements.find(token->agreement) : std::nullopt;
  const KnownClient* client = agreement ? attempt.directory.client(agreement->client_id) : nullptr;
  if (client == nullptr || client->client.authentication != ClientAuthentication::none) return std::nullopt;
  return agreement->client_id;
}

/// Without a proof in the request: a certificate of the connection, or a public client that only names itself.
Refused read_name(Attempt& attempt) {
  auto client_id = attempt.form.get("client_id");
  if (!client_id && !attempt.form.get("client_secret")) client_id = named_by_refresh_token(attempt);
  if (!client_id || client_id->size() > client_id_bytes_max)
    return invalid_client("no_method", "the client must authenticate, or name itself by client_id");
  attempt.claimed_client = *client_id;
  if (auto secret = attempt.form.get("client_secret")) {
    attempt.method = ClientAuthentication::client_secret_post;
    attempt.secret = std::move(*secret);
    return {};
  }
  attempt.method = ClientAuthentication::none;
  const KnownClient* named = attempt.directory.client(*client_id);
  const bool by_certificate = named != nullptr && !attempt.request.certificate.empty() &&
                              (named->client.authentication == ClientAuthentication::tls_client_auth ||
                               named->client.authentication == ClientAuthentication::self_signed_tls_client_auth);
  if (by_certificate) attempt.method = named->client.authentication;
  return {};
}

Refused read_method(Attempt& attempt) {
  const auto assertion = attempt.form.get("client_assertion");
  const bool basic = !attempt.request.authorization.empty(), secret = attempt.form.get("client_secret").has_value();
  if ((assertion ? 1 : 0) + (basic ? 1 : 0) + (secret ? 1 : 0) > 1)
    return invalid_request("a client authenticates in one way, not two", "two_methods");
  if (assertion) return read_assertion(attempt, *assertion);
  if (attempt.form.get("client_assertion_type"))
    return invalid_request("client_assertion is missing", "assertion_missing");
  return basic ? read_basic(attempt) : read_name(attempt);
}

}  // namespace

Refused check_client_method(Attempt& attempt) {
  if (auto refused = read_method(attempt)) return refused;
  // RFC 7521 section 4.2: a client_id beside the assertion must name the same client.
  const auto client_id = attempt.form.get("client_id");
  if (client_id && *client_id != attempt.claimed_client)
    return invalid_request("client_id is another client than the one that authenticates", "client_id_mismatch");
  return {};
}

}  // namespace ward::identity
