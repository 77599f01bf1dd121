#include "clinic.hpp"

namespace ward::identity {
namespace {

using namespace std::chrono_literals;
using crypto::Algorithm;

class TokenEndpoint : public ClinicTest {};

TEST_F(TokenEndpoint, gives_a_backend_client_a_narrowed_token) {
  const Answer answer = post(form_with(assertion(), "&scope=system%2F*.rs+system%2FEncounter.rs"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(member(answer.body, "token_type"), "Bearer");
  EXPECT_NE(answer.body.find("\"expires_in\":300"), std::string::npos);
  EXPECT_EQ(header(answer, "Cache-Control"), "no-store");  // RFC 6749 section 5.1
  const auto granted = scope::ScopeSet::parse(member(answer.body, "scope")).value();
  EXPECT_EQ(granted, scope::ScopeSet::parse("system/Patient.rs system/Observation.rs").value());
  EXPECT_EQ(answer.event.name, "token_issued");
  EXPECT_TRUE(answer.event.success);
  EXPECT_EQ(answer.event.client_id, "backend");

  const auto caller = gate->authenticate("Bearer " + member(answer.body, "access_token"));
  ASSERT_TRUE(caller) << caller.error().cause;
  EXPECT_EQ((*caller)->kind, Caller::Kind::client);
  EXPECT_EQ((*caller)->subject, "backend");
  EXPECT_EQ((*caller)->roles, std::vector<std::string>{"system"});
  EXPECT_EQ((*caller)->purpose, "TREAT");
  EXPECT_EQ((*caller)->scope, granted);
  EXPECT_EQ((*caller)->token_id, answer.event.token_id);
}

TEST_F(TokenEndpoint, the_token_is_one_of_rfc_9068) {
  const std::string token = backend_token();
  const auto header_end = token.find('.');
  const std::string header_text = base64url_decode(token.substr(0, header_end)).value();
  EXPECT_EQ(member(header_text, "typ"), "at+jwt");
  EXPECT_EQ(member(header_text, "alg"), "ES256");
  const std::string claims_text =
      base64url_decode(token.substr(header_end + 1, token.rfind('.') - header_end - 1)).value();
  for (const char* name : {"iss", "sub", "aud", "client_id", "jti", "scope"})
    EXPECT_NE(member(claims_text, name), "") << name;
  EXPECT_EQ(member(claims_text, "aud"), fhir);
  // A client library would check it with what we publish.
  const auto keys = crypto::KeySet::parse(identity->jwks()).value();
  EXPECT_TRUE(crypto::UnverifiedJwt::parse(token).value().verify(keys));
}

TEST_F(TokenEndpoint, takes_every_algorithm_that_a_registered_key_allows) {
  for (Algorithm algorithm : {Algorithm::rs256, Algorithm::rs384, Algorithm::ps256, Algorithm::ps384}) {
    const std::string head = R"({"alg":")" + std::string(crypto::name(algorithm)) + R"(","kid":"k2"})";
    EXPECT_EQ(post(form_with(signed_by(rsa, head, claims(), algorithm))).status, 200) << crypto::name(algorithm);
  }
  for (auto kind : {crypto::SigningKey::Kind::p256, crypto::SigningKey::Kind::ed25519}) {
    const auto own = crypto::SigningKey::generate(kind);
    OAuthClient client = *identity->client("backend");
    client.jwks = crypto::KeySet({crypto::PublicKey::of(own, "n")}).text();
    ASSERT_TRUE(identity->put_client(client));
    const Algorithm algorithm = crypto::default_algorithm(own);
    const std::string head = R"({"alg":")" + std::string(crypto::name(algorithm)) + R"(","kid":"n"})";
    EXPECT_EQ(post(form_with(signed_by(own, head, claims(), algorithm))).status, 200) << crypto::name(algorithm);
  }
}

TEST_F(TokenEndpoint, takes_a_secret_by_basic_authentication) {
  const Answer answer = post("grant_type=client_credentials", basic("reporter", "s3cret+with/letters"));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(member(answer.body, "scope"), "system/*.rs") << "all that it is registered for";
}

TEST_F(TokenEndpoint, refuses_with_the_error_of_the_rfc) {
  const std::string head = R"({"alg":"ES384","kid":"k1","typ":"JWT"})";
  auto own = [&](const std::string& claims_text) { return signed_by(key, head, claims_text, Algorithm::es384); };
  auto with = [&](std::string_view old_text, std::string_view new_text) {
    std::string text = claims();
    const auto at = text.find(old_text);
    EXPECT_NE(at, std::string::npos) << old_text;
    return own(text.replace(at, old_text.size(), new_text));
  };
  const std::string exp = "\"exp\":" + std::to_string(now() + 240);
  const std::string good_secret = basic("reporter", "s3cret+with/letters");
  auto headed = [&](const char* text) { return signed_by(key, text, claims(), Algorithm::es384); };
  std::string bad_signature = assertion();
  bad_signature.back() = bad_signature.back() == 'A' ? 'Q' : 'A';
  std::string public_as_secret =
      base64url_encode(R"({"alg":"HS256","kid":"k1"})") + "." + base64url_encode(claims()) + ".c2ln";

  struct Case {
    const char* name;
    std::string body;
    std::string authorization;
    int status;
    const char* error;
    const char* reason;
  };
  const Case cases[] = {
      // RFC 6749 section 3.2: the request.
      {"an empty body", "", "", 400, "invalid_request", "grant_type_missing"},
      {"a parameter twice", form_with(assertion(), "&scope=a&scope=b"), "", 400, "invalid_request", "form_malformed"},
      {"grant_type twice", "grant_type=client_credentials&" + form_with(assertion()), "", 400, "invalid_request",
       "form_malformed"},
      {"a name twice, once encoded", "grant%5Ftype=x&" + form_with(assertion()), "", 400, "invalid_request",
       "form_malformed"},
      {"percent without digits", form_with(assertion(), "&scope=%2"), "", 400, "invalid_request", "form_malformed"},
      {"not UTF-8", form_with(assertion(), "&scope=%ff"), "", 400, "invalid_request", "form_malformed"},
      {"a zero byte", form_with(assertion(), "&scope=a%00b"), "", 400, "invalid_request", "form_malformed"},
      {"more than 64 parameters",
       [&] {
         std::string body = form_with(assertion());
         for (int i = 0; i < 64; ++i) body += "&p" + std::to_string(i) + "=1";
         return body;
       }(),
       "", 400, "invalid_request", "form_malformed"},
      {"too large", form_with(assertion(), "&x=" + std::string(40'000, 'a')), "", 400, "invalid_request",
       "form_malformed"},
      // RFC 6749 section 4.4.2: the grant.
      {"no grant_type", "scope=a", good_secret, 400, "invalid_request", "grant_type_missing"},
      {"an empty grant_type", "grant_type=", good_secret, 400, "invalid_request", "grant_type_missing"},
      {"the password grant (RFC 9700 2.4)", "grant_type=password&username=a&password=b", good_secret, 400,
       "unsupported_grant_type", "grant_type_unsupported"},
      {"a grant that the client is not registered for", "grant_type=authorization_code&code=a", good_secret, 400,
       "unauthorized_client", "grant_not_registered"},
      {"a grant that is not offered", "grant_type=password&username=a", good_secret, 400, "unsupported_grant_type",
       "grant_type_unsupported"},
      {"another spelling", "grant_type=Client_Credentials", good_secret, 400, "unsupported_grant_type",
       "grant_type_unsupported"},
      // RFC 6749 section 2.3: how the client authenticates.
      {"no authentication", "grant_type=client_credentials", "", 401, "invalid_client", "no_method"},
      {"client_id alone", "grant_type=client_credentials&client_id=backend", "", 401, "invalid_client",
       "client_method"},
      {"two methods", form_with(assertion()), good_secret, 400, "invalid_request", "two_methods"},
      {"a secret in the body", "grant_type=client_credentials&client_id=reporter&client_secret=s3cret%2Bwith%2Fletters",
       "", 401, "invalid_client", "client_unknown"},
      {"a Bearer header", "grant_type=client_credentials", "Bearer abc", 401, "invalid_client", "authorization_scheme"},
      {"Basic without base64", "grant_type=client_credentials", "Basic ***", 401, "invalid_client", "basic_malformed"},
      {"Basic without a colon", "grant_type=client_credentials", "Basic " + base64_encode("reporter"), 401,
       "invalid_client", "basic_malformed"},
      {"Basic with an empty id", "grant_type=client_credentials", "Basic " + base64_encode(":secret"), 401,
       "invalid_client", "basic_malformed"},
      {"Basic that is not form-encoded", "grant_type=client_credentials", "Basic " + base64_encode("reporter:100%"),
       401, "invalid_client", "basic_malformed"},
      {"a wrong secret", "grant_type=client_credentials", basic("reporter", "s3cret"), 401, "invalid_client", "secret"},
      {"an empty secret", "grant_type=client_credentials", basic("reporter", ""), 401, "invalid_client", "secret"},
      {"the hash as the secret", "grant_type=client_credentials",
       basic("reporter", hash_client_secret("s3cret+with/letters")), 401, "invalid_client", "secret"},
      {"an unknown client", "grant_type=client_credentials", basic("nobody", "x"), 401, "invalid_client",
       "client_unknown"},
      {"a secret for a client with keys", "grant_type=client_credentials", basic("backend", "x"), 401, "invalid_client",
       "client_unknown"},
      {"another client_id beside Basic", "grant_type=client_credentials&client_id=backend", good_secret, 400,
       "invalid_request", "client_id_mismatch"},
      // RFC 7521 section 4.2: the assertion's envelope.
      {"no assertion type", "grant_type=client_credentials&client_assertion=" + assertion(), "", 400, "invalid_request",
       "assertion_type"},
      {"the SAML type",
       "grant_type=client_credentials&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer&"
       "client_assertion=" +
           assertion(),
       "", 400, "invalid_request", "assertion_type"},
      {"a type without an assertion", std::string("grant_type=client_credentials&client_assertion_type=") + jwt_bearer,
       "", 400, "invalid_request", "assertion_missing"},
      {"another client_id beside the assertion", form_with(assertion(), "&client_id=reporter"), "", 400,
       "invalid_request", "client_id_mismatch"},
      // RFC 7515, RFC 8725: the assertion's form.
      {"no JWT", form_with("abc"), "", 401, "invalid_client", "assertion_jwt_malformed"},
      {"alg none", form_with(base64url_encode(R"({"alg":"none"})") + "." + base64url_encode(claims()) + "."), "", 401,
       "invalid_client", "assertion_jwt_malformed"},
      {"alg none with a signature",
       form_with(base64url_encode(R"({"alg":"none"})") + "." + base64url_encode(claims()) + ".c2ln"), "", 401,
       "invalid_client", "assertion_jwt_algorithm"},
      {"HMAC with the public key", form_with(public_as_secret), "", 401, "invalid_client", "assertion_jwt_algorithm"},
      {"a key of its own (jwk)", form_with(headed(R"({"alg":"ES384","jwk":{}})")), "", 401, "invalid_client",
       "assertion_jwt_header"},
      {"a key by URL (jku)", form_with(headed(R"({"alg":"ES384","jku":"https://evil.example/jwks"})")), "", 401,
       "invalid_client", "assertion_jwt_header"},
      {"unknown crit", form_with(headed(R"({"alg":"ES384","kid":"k1","crit":["x"],"x":1})")), "", 401, "invalid_client",
       "assertion_jwt_header"},
      {"a claim twice", form_with(own(R"({"iss":"backend","sub":"backend","sub":"backend"})")), "", 401,
       "invalid_client", "assertion_jwt_malformed"},
      // RFC 7523 section 3.
      {"a signature that is off", form_with(bad_signature), "", 401, "invalid_client", "assertion_jwt_signature"},
      {"another key", form_with(signed_by(other, head, claims(), Algorithm::es384)), "", 401, "invalid_client",
       "assertion_jwt_signature"},
      {"an unknown kid", form_with(headed(R"({"alg":"ES384","kid":"k9"})")), "", 401, "invalid_client",
       "assertion_jwt_key_unknown"},
      {"the kid of a key of another kind", form_with(headed(R"({"alg":"ES384","kid":"k2"})")), "", 401,
       "invalid_client", "assertion_jwt_key_unknown"},
      {"an unknown client's assertion", form_with(own(claims("", "nobody"))), "", 401, "invalid_client",
       "client_unknown"},
      {"an assertion for a client with a secret", form_with(own(claims("", "reporter"))), "", 401, "invalid_client",
       "client_method"},
      {"no sub", form_with(with(R"("sub":"backend",)", "")), "", 401, "invalid_client", "assertion_subject"},
      {"iss that is not sub", form_with(with(R"("iss":"backend")", R"("iss":"reporter")")), "", 401, "invalid_client",
       "assertion_jwt_issuer"},
      {"no iss", form_with(with(R"("iss":"backend",)", "")), "", 401, "invalid_client", "assertion_jwt_issuer"},
      {"another audience", form_with(own(claims("", "backend", "https://other.example/oauth/token"))), "", 401,
       "invalid_client", "assertion_jwt_audience"},
      {"the FHIR base as audience", form_with(own(claims("", "backend", fhir))), "", 401, "invalid_client",
       "assertion_jwt_audience"},
      {"no audience", form_with(with(R"("aud":"https://clinic.example:8443/oauth/token",)", "")), "", 401,
       "invalid_client", "assertion_jwt_claim"},
      {"no exp", form_with(with(exp + ",", "")), "", 401, "invalid_client", "assertion_jwt_claim"},
      {"expired", form_with(with(exp, "\"exp\":" + std::to_string(now() - 5))), "", 401, "invalid_client",
       "assertion_jwt_expired"},
      {"valid for more than five minutes", form_with(with(exp, "\"exp\":" + std::to_string(now() + 306))), "", 401,
       "invalid_client", "assertion_jwt_lifetime"},
      {"nbf ahead", form_with(own(claims(",\"nbf\":" + std::to_string(now() + 60)))), "", 401, "invalid_client",
       "assertion_jwt_not_yet"},
      {"iat ahead", form_with(own(claims(",\"iat\":" + std::to_string(now() + 60)))), "", 401, "invalid_client",
       "assertion_jwt_not_yet"},
      {"no jti", form_with(own(R"({"iss":"backend","sub":"backend","aud":"https://clinic.example:8443",)" + exp + "}")),
       "", 401, "invalid_client", "assertion_jwt_claim"},
      {"typ of an access token (RFC 8725 3.11)", form_with(headed(R"({"alg":"ES384","kid":"k1","typ":"at+jwt"})")), "",
       401, "invalid_client", "assertion_jwt_type"},
      {"an access token as assertion", form_with(backend_token()), "", 401, "invalid_client",
       "assertion_jwt_key_unknown"},
      // RFC 8707 section 2 and RFC 6749 section 3.3.
      {"another resource", form_with(assertion(), "&resource=https%3A%2F%2Fother.example%2Ffhir"), "", 400,
       "invalid_target", "resource_unknown"},
      {"a malformed scope", form_with(assertion(), "&scope=system%2FPatient.xyz"), "", 400, "invalid_scope",
       "scope_malformed"},
      {"a scope that is not registered", form_with(assertion(), "&scope=system%2FPractitioner.rs"), "", 400,
       "invalid_scope", "scope_not_registered"},
      {"writing, of a reader", form_with(assertion(), "&scope=system%2FPatient.cud"), "", 400, "invalid_scope",
       "scope_not_registered"},
      {"another context", form_with(assertion(), "&scope=user%2FPatient.rs"), "", 400, "invalid_scope",
       "scope_not_registered"},
      {"a scope that is too long", form_with(assertion(), "&scope=" + std::string(9000, 'a')), "", 400, "invalid_scope",
       "scope_too_long"},
  };
  for (const Case& c : cases) {
    const Answer answer = post(c.body, c.authorization);
    EXPECT_EQ(answer.status, c.status) << c.name << ": " << answer.body;
    EXPECT_EQ(member(answer.body, "error"), c.error) << c.name;
    EXPECT_EQ(answer.event.reason, c.reason) << c.name;
    EXPECT_EQ(answer.event.name, "token_refused") << c.name;
    EXPECT_FALSE(answer.event.success) << c.name;
    EXPECT_EQ(header(answer, "Cache-Control"), "no-store") << c.name;
    EXPECT_EQ(header(answer, "WWW-Authenticate").empty(), c.status != 401) << c.name;  // RFC 6749 section 5.2
    EXPECT_EQ(answer.body.find("access_token"), std::string::npos) << c.name;
    // The positive twin: the same moment, the same client, nothing wrong.
    EXPECT_EQ(post(form_with(assertion())).status, 200) << "after: " << c.name;
  }
  EXPECT_EQ(post("grant_type=client_credentials", good_secret).status, 200);
  EXPECT_EQ(post(form_with(own(claims("", "backend", issuer)))).status, 200) << "the issuer as audience";
  EXPECT_EQ(post(form_with(with(R"("aud":"https://clinic.example:8443/oauth/token")",
                                R"("aud":["x","https://clinic.example:8443"])")))
                .status,
            200);
  EXPECT_EQ(post(form_with(headed(R"({"alg":"ES384"})"))).status, 200) << "no kid: the key that fits";
  EXPECT_EQ(post(form_with(assertion(),
                           "&client_id=backend&resource=https%3A%2F%2Fclinic.example%3A8443%2Ffhir&unknown=1&empty="))
                .status,
            200);
}

TEST_F(TokenEndpoint, parameters_in_the_uri_and_other_types_are_refused) {
  const std::string body = form_with(assertion());
  FormRequest asked = request(body);
  asked.has_query = true;
  EXPECT_EQ(serve(*identity, "/oauth/token", asked).event.reason, "parameters_in_uri");
  for (const char* type : {"", "application/json", "application/x-www-form-urlencoded; charset=latin1", "text/plain"}) {
    FormRequest other_type = request(body);
    other_type.content_type = type;
    EXPECT_EQ(serve(*identity, "/oauth/token", other_type).event.reason, "content_type") << type;
  }
  FormRequest charset = request(body);
  charset.content_type = "application/x-www-form-urlencoded; charset=UTF-8";
  EXPECT_EQ(serve(*identity, "/oauth/token", charset).status, 200);
}

TEST_F(TokenEndpoint, an_assertion_is_taken_once) {  // RFC 7523 section 3, point 7
  const std::string once = assertion();
  EXPECT_EQ(post(form_with(once)).status, 200);
  const Answer again = post(form_with(once));
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(again.event.reason, "assertion_replayed");
  // Even when the first attempt failed after the client was proven.
  const std::string spent = assertion();
  EXPECT_EQ(post(form_with(spent, "&scope=system%2FPractitioner.rs")).status, 400);
  EXPECT_EQ(post(form_with(spent)).event.reason, "assertion_replayed");
  clock.advance(246s);
  EXPECT_EQ(post(form_with(once)).event.reason, "assertion_jwt_expired") << "its id is forgotten only when it is dead";
}

TEST_F(TokenEndpoint, a_disabled_or_removed_client_gets_nothing) {
  OAuthClient client = *identity->client("backend");
  client.disabled = true;
  ASSERT_TRUE(identity->put_client(client));
  EXPECT_EQ(post(form_with(assertion())).event.reason, "client_disabled");
  client.disabled = false;
  ASSERT_TRUE(identity->put_client(client));
  EXPECT_EQ(post(form_with(assertion())).status, 200);
  ASSERT_TRUE(identity->remove_client("backend"));
  EXPECT_EQ(post(form_with(assertion())).event.reason, "client_unknown");
}

TEST_F(TokenEndpoint, unknown_clients_and_wrong_proofs_read_alike) {
  const std::string unknown = post("grant_type=client_credentials", basic("nobody", "x")).body;
  EXPECT_EQ(post("grant_type=client_credentials", basic("reporter", "x")).body, unknown);
  EXPECT_EQ(post(form_with(signed_by(other, R"({"alg":"ES384"})", claims(), Algorithm::es384))).body, unknown);
  EXPECT_EQ(post(form_with(signed_by(other, R"({"alg":"ES384"})", claims("", "nobody"), Algorithm::es384))).body,
            unknown);
}

}  // namespace
}  // namespace ward::identity
