#include "base/encoding.hpp"
#include "token/attempt.hpp"

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

Refused read_method(Attempt& attempt) {
  const auto assertion = attempt.form.get("client_assertion");
  const bool basic = !attempt.request.authorization.empty();
  if (assertion && basic) return invalid_request("a client authenticates in one way, not two", "two_methods");
  if (attempt.form.get("client_secret"))
    return invalid_client("secret_in_body",
                          "client_secret_post is not offered; use private_key_jwt or client_secret_basic");
  if (assertion) return read_assertion(attempt, *assertion);
  if (attempt.form.get("client_assertion_type"))
    return invalid_request("client_assertion is missing", "assertion_missing");
  if (basic) return read_basic(attempt);
  return invalid_client("no_method", "the client must authenticate by private_key_jwt or client_secret_basic");
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
