#include "clinic.hpp"

#include "room.hpp"

#include <thread>

namespace ward::identity {
namespace {

using namespace std::chrono_literals;
using crypto::Algorithm;

class Authentication : public ClinicTest {
 protected:
  crypto::SigningKey server_key() { return ring->signing("token-sign", crypto::SigningKey::Kind::p256)->second; }
  std::string server_key_id() { return ring->signing("token-sign", crypto::SigningKey::Kind::p256)->first.id; }
  std::string own_header(std::string_view type = "at+jwt") {
    return R"({"alg":"ES256","kid":")" + server_key_id() + R"(","typ":")" + std::string(type) + "\"}";
  }
  std::string token_claims() {
    return R"({"iss":"https://clinic.example:8443","sub":"backend","aud":"https://clinic.example:8443/fhir","client_id":"backend","sub_kind":"client","scope":"system/Patient.rs","iat":)" +
           std::to_string(now()) + ",\"exp\":" + std::to_string(now() + 300) + R"(,"jti":"t1","gen":)" +
           std::to_string(identity->client("backend")->generation) + "}";
  }
  std::string forged(std::string_view old_text, std::string_view new_text) {
    std::string text = token_claims();
    const auto at = text.find(old_text);
    EXPECT_NE(at, std::string::npos) << old_text;
    return signed_by(server_key(), own_header(), text.replace(at, old_text.size(), new_text), Algorithm::es256);
  }
};

TEST_F(Authentication, a_person_has_roles_and_fhir_user_of_the_directory) {
  const auto minted = identity->mint_person("dora", "user/Patient.rs");
  ASSERT_TRUE(minted) << minted.error().text();
  const auto caller = gate->authenticate("bearer " + minted->token);
  ASSERT_TRUE(caller) << caller.error().cause;
  EXPECT_EQ((*caller)->kind, Caller::Kind::person);
  EXPECT_EQ((*caller)->username, "dora");
  EXPECT_EQ((*caller)->fhir_user, "Practitioner/d1");
  EXPECT_EQ((*caller)->roles, std::vector<std::string>{"physician"});
  EXPECT_EQ((*caller)->purpose, "TREAT");
  EXPECT_EQ((*caller)->scope.text(), "user/Patient.rs");
  EXPECT_EQ(minted->event.name, "token_issued");
  EXPECT_EQ(*gate->authenticate("Bearer " + minted->token), *caller) << "the second time from the cache";
}

TEST_F(Authentication, minting_keeps_to_what_is_registered) {
  EXPECT_EQ(identity->mint_person("paul", "")->scope, "patient/*.cruds");
  EXPECT_EQ(identity->mint_person("dora", "")->scope, "user/*.cruds");
  EXPECT_TRUE(identity->mint_person("dora", "", "HOPERAT"));
  EXPECT_TRUE(identity->mint_person("dora", "", "HMARKT").error().is("purpose"));
  EXPECT_TRUE(identity->mint_person("nobody", "").error().is("not_found"));
  EXPECT_TRUE(identity->mint_person("dora", "user/Patient.zzz").error().is("scope"));
  EXPECT_EQ(identity->mint_client("backend", "system/*.rs")->scope, identity->mint_client("backend", "")->scope);
  EXPECT_TRUE(identity->mint_client("backend", "system/Practitioner.rs").error().is("scope"));
}

TEST_F(Authentication, refuses_tokens_as_rfc_9068_section_4_and_rfc_8725_say) {
  ASSERT_FALSE(backend_token().empty());  // makes the server's key
  const std::string exp = "\"exp\":" + std::to_string(now() + 300);
  const auto stranger = crypto::SigningKey::generate(crypto::SigningKey::Kind::p256);
  struct Case {
    const char* name;
    std::string token;
    const char* cause;
  };
  const Case cases[] = {
      {"no JWT", "abc", "jwt_malformed"},
      {"alg none",
       base64url_encode(R"({"alg":"none","typ":"at+jwt"})") + "." + base64url_encode(token_claims()) + ".c2ln",
       "jwt_algorithm"},
      {"HMAC", base64url_encode(R"({"alg":"HS256","typ":"at+jwt"})") + "." + base64url_encode(token_claims()) + ".c2ln",
       "jwt_algorithm"},
      {"a stranger's key under our kid", signed_by(stranger, own_header(), token_claims(), Algorithm::es256),
       "jwt_signature"},
      {"a stranger's key in the header",
       signed_by(stranger, R"({"alg":"ES256","jwk":{},"typ":"at+jwt"})", token_claims(), Algorithm::es256),
       "jwt_header"},
      {"an unknown kid",
       signed_by(server_key(), R"({"alg":"ES256","kid":"x","typ":"at+jwt"})", token_claims(), Algorithm::es256),
       "jwt_key_unknown"},
      {"typ JWT", signed_by(server_key(), own_header("JWT"), token_claims(), Algorithm::es256), "jwt_type"},
      {"typ of an ID token", signed_by(server_key(), own_header("id+jwt"), token_claims(), Algorithm::es256),
       "jwt_type"},
      {"another issuer", forged("https://clinic.example:8443\"", "https://evil.example\""), "token_issuer"},
      {"another audience", forged("/fhir\"", "/other\""), "jwt_audience"},
      {"expired", forged(exp, "\"exp\":" + std::to_string(now())), "jwt_expired"},
      {"no exp", forged("," + exp, ""), "jwt_claim"},
      {"valid for more than an hour", forged(exp, "\"exp\":" + std::to_string(now() + 3601)), "jwt_lifetime"},
      {"iat ahead", forged("\"iat\":" + std::to_string(now()), "\"iat\":" + std::to_string(now() + 10)), "jwt_not_yet"},
      {"no jti", forged("\"jti\":\"t1\",", ""), "jwt_claim"},
      {"no kind of subject", forged("\"sub_kind\":\"client\",", ""), "token_claims"},
      {"no client", forged("\"client_id\":\"backend\",", ""), "token_claims"},
      {"a malformed scope", forged("system/Patient.rs", "system/Patient.zz"), "token_claims"},
      {"an unknown client", forged("\"sub\":\"backend\"", "\"sub\":\"nobody\""), "token_revoked"},
      {"a client posing as a person", forged("\"sub_kind\":\"client\"", "\"sub_kind\":\"person\""), "token_revoked"},
      {"an older generation", forged("\"gen\":", "\"gen\":1,\"old\":"), "token_revoked"},
      {"no generation", forged("\"gen\":", "\"old\":"), "token_revoked"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(check(c.token), c.cause) << c.name;
    const auto refused = gate->authenticate("Bearer " + c.token);
    ASSERT_FALSE(refused) << c.name;
    EXPECT_EQ(refused.error().status, 401) << c.name;
    ASSERT_EQ(refused.error().headers.size(), 1u);
    const std::string& challenge = refused.error().headers[0].second;
    EXPECT_NE(challenge.find("error=\"invalid_token\""), std::string::npos) << c.name;
    EXPECT_NE(
        challenge.find("resource_metadata=\"https://clinic.example:8443/.well-known/oauth-protected-resource/fhir\""),
        std::string::npos);
  }
  EXPECT_EQ(check(signed_by(server_key(), own_header(), token_claims(), Algorithm::es256)), "good")
      << "the positive twin of all";
}

TEST_F(Authentication, the_header_is_read_as_rfc_6750_says) {
  struct Case {
    const char* name;
    const char* authorization;
    int status;
    const char* challenge;
  };
  const Case cases[] = {{"none", "", 401, "Bearer realm=\"ward\", resource_metadata="},
                        {"another scheme", "Basic YTpi", 401, "Bearer realm=\"ward\", resource_metadata="},
                        {"no token", "Bearer ", 400, "invalid_request"},
                        {"two tokens", "Bearer a b", 400, "invalid_request"},
                        {"a comma", "Bearer a,b", 400, "invalid_request"},
                        {"only padding", "Bearer ==", 400, "invalid_request"},
                        {"a control character", "Bearer a\x01", 400, "invalid_request"}};
  for (const Case& c : cases) {
    const auto refused = gate->authenticate(c.authorization);
    ASSERT_FALSE(refused) << c.name;
    EXPECT_EQ(refused.error().status, c.status) << c.name;
    EXPECT_NE(refused.error().headers[0].second.find(c.challenge), std::string::npos)
        << c.name << refused.error().headers[0].second;
    EXPECT_EQ(refused.error().kind, CauseKind::authentication);
  }
  EXPECT_TRUE(gate->authenticate("Bearer " + backend_token()));
}

TEST_F(Authentication, a_token_ends_on_time_also_in_the_cache) {
  const std::string token = backend_token();
  EXPECT_EQ(check(token), "good");
  clock.advance(299s);
  EXPECT_EQ(check(token), "good");
  clock.advance(1s);
  EXPECT_EQ(check(token), "jwt_expired");
}

TEST_F(Authentication, revocation_takes_effect_with_the_next_request) {
  const auto other_core = identity->authenticator();
  auto both = [&](const std::string& token) {
    return check(token) + " " + (other_core->authenticate("Bearer " + token) ? "good" : "bad");
  };
  std::string token = backend_token();
  EXPECT_EQ(both(token), "good good");
  ASSERT_TRUE(identity->revoke_client_tokens("backend"));
  EXPECT_EQ(both(token), "token_revoked bad");
  token = backend_token();
  EXPECT_EQ(both(token), "good good") << "a new token is good";

  OAuthClient client = *identity->client("backend");
  ASSERT_TRUE(identity->put_client(client));
  EXPECT_EQ(both(token), "good good") << "nothing changed";
  client.disabled = true;
  ASSERT_TRUE(identity->put_client(client));
  EXPECT_EQ(both(token), "token_revoked bad");

  const std::string person = identity->mint_person("dora", "")->token;
  const std::string patient = identity->mint_person("paul", "")->token;
  EXPECT_EQ(both(person), "good good");
  ASSERT_TRUE(identity->put_person({"dora", "", {"nurse"}, "Practitioner/d1", {"TREAT", "HOPERAT"}}));
  EXPECT_EQ(both(person), "token_revoked bad") << "a changed role ends the tokens with the old one";
  EXPECT_EQ(both(patient), "good good") << "others keep theirs";
  ASSERT_TRUE(identity->remove_person("paul"));
  EXPECT_EQ(both(patient), "token_revoked bad");
  ASSERT_TRUE(identity->put_person({"paul", "", {"patient"}, "Patient/p1", {}}));
  EXPECT_EQ(both(patient), "token_revoked bad") << "somebody else may have the name now";
}

TEST_F(Authentication, a_client_revokes_its_own_token_and_no_other) {  // RFC 7009 section 2
  auto revoke = [&](const std::string& token, const std::string& authorization) {
    return serve(*identity, "/oauth/revoke",
                 request("token=" + token + "&token_type_hint=refresh_token", authorization));
  };
  const std::string secret = basic("reporter", "s3cret+with/letters");
  const std::string own = member(post("grant_type=client_credentials", secret).body, "access_token");
  const std::string second = member(post("grant_type=client_credentials", secret).body, "access_token");
  const std::string foreign = backend_token();
  EXPECT_EQ(check(own), "good");
  EXPECT_EQ(revoke(own, secret).status, 200);
  EXPECT_EQ(check(own), "token_revoked");
  EXPECT_EQ(check(second), "good");
  const Answer refused = revoke(foreign, secret);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.event.reason, "token_of_another_client");
  EXPECT_EQ(check(foreign), "good");
  EXPECT_EQ(revoke("nonsense", secret).status, 200) << "section 2.2";
  EXPECT_EQ(revoke(second, basic("reporter", "wrong")).status, 401);
  EXPECT_EQ(revoke(second, "").status, 401);
  EXPECT_EQ(serve(*identity, "/oauth/revoke", request("a=b", secret)).event.reason, "token_missing");
  EXPECT_EQ(check(second), "good");

  open();  // a restart
  EXPECT_EQ(check(own), "token_revoked");
  EXPECT_EQ(check(second), "good");
  clock.advance(301s);
  open();
  for (const auto& [name, value] : memory.values) EXPECT_NE(name.first, "identity.revoked") << "ended revocations go";
}

TEST_F(Authentication, a_revocation_that_cannot_be_kept_is_an_error_but_holds) {
  const std::string secret = basic("reporter", "s3cret+with/letters");
  const std::string own = member(post("grant_type=client_credentials", secret).body, "access_token");
  memory.broken = true;
  EXPECT_EQ(serve(*identity, "/oauth/revoke", request("token=" + own, secret)).status, 503);
  EXPECT_EQ(check(own), "token_revoked");
}

TEST_F(Authentication, keys_rotate_with_overlap) {
  const std::string old = backend_token();
  ASSERT_TRUE(ring->rotate("token-sign"));
  const std::string fresh = backend_token();
  EXPECT_EQ(check(old), "good");
  EXPECT_EQ(check(fresh), "good");
  EXPECT_EQ(crypto::KeySet::parse(identity->jwks())->keys().size(), 2u);
  const auto keys = ring->all_signing("token-sign");
  ASSERT_TRUE(ring->retire(keys[1].first.id));
  EXPECT_EQ(crypto::KeySet::parse(identity->jwks())->keys().size(), 1u);
  EXPECT_EQ(check(old), "jwt_key_unknown");
  EXPECT_EQ(check(fresh), "good");
}

TEST_F(Authentication, the_cache_is_bounded_and_wrong_tokens_are_not_in_it) {
  gate = identity->authenticator(2);
  std::vector<std::string> tokens;
  for (int i = 0; i < 5; ++i) tokens.push_back(identity->mint_person("dora", "")->token);
  for (int round = 0; round < 3; ++round)
    for (const auto& token : tokens) EXPECT_EQ(check(token), "good");
  std::string wrong = tokens[0];
  wrong[wrong.size() - 10] = wrong[wrong.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(check(wrong), "jwt_signature");
  EXPECT_EQ(check(wrong), "jwt_signature");
}

TEST_F(Authentication, cores_and_changes_may_race) {
  const std::string token = identity->mint_person("dora", "")->token;
  std::atomic<bool> revoked = false;
  std::atomic<int> late = 0, good = 0;
  std::vector<std::thread> cores;
  for (int core = 0; core < 2; ++core)
    cores.emplace_back([&] {
      const auto own = identity->authenticator();
      for (int i = 0; i < 2000; ++i) {
        const bool was_revoked = revoked;
        const bool accepted = own->authenticate("Bearer " + token).has_value();
        good += accepted;
        late += accepted && was_revoked;
      }
    });
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(identity->put_person({"p" + std::to_string(i), "", {}, "", {}}));
  ASSERT_TRUE(identity->revoke_person_tokens("dora"));
  revoked = true;
  for (auto& core : cores) core.join();
  EXPECT_EQ(late, 0) << "of " << good;
}

class OutsideIssuers : public Authentication {
 protected:
  void trust(const std::function<void(OutsideIssuer&)>& change = [](OutsideIssuer&) {}) {
    OutsideIssuer hospital;
    hospital.url = "https://hospital.example";
    hospital.jwks = crypto::KeySet({crypto::PublicKey::of(theirs, "h1")}).text();
    hospital.audience = fhir;
    hospital.role_claim = "realm_access.roles";
    hospital.role_map = {{"arzt", "physician"}, {"boss", "administrator"}};
    hospital.roles = {"physician"};
    hospital.fhir_user_claim = "fhirUser";
    hospital.purpose = "TREAT";
    change(hospital);
    settings.issuers = {hospital};
    const auto done = identity->reconfigure(settings);
    ASSERT_TRUE(done) << done.error().text();
  }
  std::string theirs_with(const std::string& more, std::string_view type = "at+jwt", std::string_view audience = fhir) {
    const std::string text = R"({"iss":"https://hospital.example","sub":"u7","aud":")" + std::string(audience) +
                             R"(","scope":"user/*.rs","exp":)" + std::to_string(now() + 100) + more + "}";
    return signed_by(theirs, R"({"alg":"ES256","kid":"h1","typ":")" + std::string(type) + "\"}", text,
                     Algorithm::es256);
  }
  crypto::SigningKey theirs = crypto::SigningKey::generate(crypto::SigningKey::Kind::p256);
};

TEST_F(OutsideIssuers, are_trusted_only_by_configuration_and_mapped) {
  const std::string token = theirs_with(
      R"(,"azp":"app","realm_access":{"roles":["arzt","boss","physician","x"]},"fhirUser":"https://clinic.example:8443/fhir/Practitioner/9")");
  EXPECT_EQ(check(token), "token_issuer");
  trust();
  const auto caller = gate->authenticate("Bearer " + token);
  ASSERT_TRUE(caller) << caller.error().cause;
  EXPECT_TRUE((*caller)->outside);
  EXPECT_EQ((*caller)->issuer, "https://hospital.example");
  EXPECT_EQ((*caller)->subject, "u7");
  EXPECT_EQ((*caller)->client_id, "app");
  EXPECT_EQ((*caller)->roles, std::vector<std::string>{"physician"}) << "only what it may give, by the map";
  EXPECT_EQ((*caller)->fhir_user, "Practitioner/9");
  settings.issuers.clear();
  ASSERT_TRUE(identity->reconfigure(settings));
  EXPECT_EQ(check(token), "token_issuer") << "distrusted with the next request, also in the cache";
}

TEST_F(OutsideIssuers, are_held_to_the_same_rules) {
  trust();
  EXPECT_EQ(check(theirs_with("")), "good");
  EXPECT_EQ(check(theirs_with("", "JWT")), "jwt_type");
  EXPECT_EQ(check(theirs_with("", "at+jwt", "https://other.example")), "jwt_audience");
  EXPECT_EQ(check(theirs_with(R"(,"nbf":)" + std::to_string(now() + 60))), "jwt_not_yet");
  EXPECT_EQ(check(theirs_with(R"(,"scp":"user/Patient.zz")")), "good") << "scope goes before scp";
  trust([](OutsideIssuer& hospital) { hospital.type = "JWT"; });
  EXPECT_EQ(check(theirs_with("", "JWT")), "good");
  EXPECT_EQ(check(theirs_with("", "at+jwt")), "jwt_type");
}

TEST_F(OutsideIssuers, cannot_give_a_fhir_user_of_another_server) {
  trust();
  for (const char* reference :
       {"https://hospital.example/fhir/Patient/1", "Patient/../1", "Observation/1", "Patient/", "Patient"}) {
    const auto caller = gate->authenticate("Bearer " + theirs_with(R"(,"fhirUser":")" + std::string(reference) + "\""));
    ASSERT_TRUE(caller) << reference;
    EXPECT_EQ((*caller)->fhir_user, "") << reference;
  }
  EXPECT_EQ((*gate->authenticate("Bearer " + theirs_with(R"(,"fhirUser":"Patient/1")")))->fhir_user, "Patient/1");
}

TEST_F(OutsideIssuers, with_unusable_settings_are_refused_as_a_whole) {
  auto refused = [&](const std::function<void(OutsideIssuer&)>& change) {
    OutsideIssuer hospital;
    hospital.url = "https://hospital.example";
    hospital.jwks = crypto::KeySet({crypto::PublicKey::of(theirs, "h1")}).text();
    hospital.audience = fhir;
    change(hospital);
    Settings next = settings;
    next.issuers = {hospital};
    return !identity->reconfigure(next).has_value();
  };
  EXPECT_FALSE(refused([](OutsideIssuer&) {}));
  EXPECT_TRUE(refused([](OutsideIssuer& one) { one.audience.clear(); }));
  EXPECT_TRUE(refused([](OutsideIssuer& one) { one.jwks = R"({"keys":[]})"; }));
  EXPECT_TRUE(refused([](OutsideIssuer& one) { one.algorithms = {"HS256"}; }));
  EXPECT_TRUE(refused([](OutsideIssuer& one) { one.algorithms = {"RS256"}; }));
  EXPECT_TRUE(refused([](OutsideIssuer& one) { one.url = issuer; }));
}

}  // namespace
}  // namespace ward::identity
