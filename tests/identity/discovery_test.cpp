#include "clinic.hpp"

#include <fstream>

namespace ward::identity {
namespace {

using namespace std::chrono_literals;

class Discovery : public ClinicTest {};

TEST_F(Discovery, documents_are_json_and_name_only_what_works) {
  struct Case {
    const char* name;
    std::string document;
    std::vector<const char*> members;
  };
  const Case cases[] = {
      {"RFC 8414",
       identity->authorization_server_metadata(),
       {"issuer", "token_endpoint", "jwks_uri", "revocation_endpoint"}},
      {"OpenID Connect Discovery", identity->openid_configuration(), {"issuer", "token_endpoint", "jwks_uri"}},
      {"SMART 2.2", identity->smart_configuration(), {"issuer", "token_endpoint", "jwks_uri"}},
      {"RFC 9728", identity->protected_resource_metadata(), {"resource"}},
  };
  for (const Case& c : cases) {
    const auto document = json::Document::parse(c.document);
    ASSERT_TRUE(document) << c.name << document.error().text();
    for (const char* one : c.members)
      EXPECT_TRUE(document->root().string(one).starts_with(issuer)) << c.name << " " << one;
    for (const char* absent :
         {"registration_endpoint", "device_authorization_endpoint", "backchannel_authentication_endpoint"})
      EXPECT_FALSE(document->root()[absent]) << c.name << " " << absent;
  }
  EXPECT_EQ(member(identity->authorization_server_metadata(), "token_endpoint"), settings.token_endpoint());
  EXPECT_EQ(member(identity->protected_resource_metadata(), "resource"), fhir);
}

TEST_F(Discovery, the_key_set_holds_public_keys_alone) {
  ASSERT_FALSE(backend_token().empty());
  const auto keys = crypto::KeySet::parse(identity->jwks());
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->keys().size(), 1u);
  EXPECT_EQ(keys->keys()[0].algorithms(), crypto::Algorithms{crypto::Algorithm::es256});
}

TEST(Configuration, reads_issuers_and_says_what_is_wrong) {
  const auto key = crypto::SigningKey::generate(crypto::SigningKey::Kind::p256);
  const std::string jwks = crypto::KeySet({crypto::PublicKey::of(key, "h")}).text();
  auto read = [](const std::string& toml) {
    const auto document = config::Document::parse(toml, "ward.toml");
    EXPECT_TRUE(document);
    const Settings settings =
        configure(document->root().section("identity"), document->root().sections("issuer"), "https://localhost:8443");
    std::string problems;
    for (const auto& problem : document->finish()) problems += problem.text() + "\n";
    return std::pair(settings, problems);
  };
  const auto [settings, none] = read(
      "[identity]\naccess_token_lifetime = \"10 min\"\nrealm = \"clinic\"\n[[issuer]]\nurl = "
      "\"https://h.example\"\njwks = '" +
      jwks +
      "'\naudience = \"https://localhost:8443/fhir\"\nrole_claim = \"roles\"\nroles = "
      "[\"nurse\"]\n[issuer.role_map]\npflege = \"nurse\"\n");
  EXPECT_EQ(none, "");
  EXPECT_EQ(settings.issuer, "https://localhost:8443");
  EXPECT_EQ(settings.fhir_base, "https://localhost:8443/fhir");
  EXPECT_EQ(settings.access_token_lifetime, 600s);
  ASSERT_EQ(settings.issuers.size(), 1u);
  ASSERT_EQ(settings.issuers[0].role_map.size(), 1u);
  EXPECT_EQ(settings.issuers[0].role_map[0].second, "nurse");

  struct Case {
    const char* name;
    std::string toml;
    const char* expected;
  };
  const std::string good = "url = \"https://h.example\"\naudience = \"x\"\njwks = '" + jwks + "'\n";
  const Case cases[] = {
      {"an hour at most", "[identity]\naccess_token_lifetime = \"2 h\"\n",
       "ward.toml:2: identity.access_token_lifetime: must be 10 s to 60 min"},
      {"a plain issuer", "[identity]\nissuer = \"http://a\"\n", "ward.toml:2: identity.issuer: must be an https URL"},
      {"a slash at the end", "[identity]\nissuer = \"https://a/\"\n",
       "ward.toml:2: identity.issuer: must be an https URL"},
      {"no audience", "[[issuer]]\nurl = \"https://h.example\"\njwks = '" + jwks + "'\n", "audience: is needed"},
      {"no keys", "[[issuer]]\nurl = \"https://h.example\"\naudience = \"x\"\n", "exactly one of jwks_file"},
      {"a file that is not there",
       "[[issuer]]\nurl = \"https://h.example\"\naudience = \"x\"\njwks_file = \"/nowhere/keys\"\n", "cannot be read"},
      {"keys that are none", "[[issuer]]\nurl = \"https://h.example\"\naudience = \"x\"\njwks = '{}'\n", "JWK set"},
      {"roles without a list", "[[issuer]]\n" + good + "role_claim = \"r\"\n", "must list the roles"},
      {"HMAC", "[[issuer]]\n" + good + "algorithms = [\"HS256\"]\n", "is not one of ES256"},
      {"a misspelt key", "[[issuer]]\n" + good + "audiense = \"x\"\n", "did you mean \"audience\"?"},
  };
  for (const Case& c : cases) {
    const std::string problems = read(c.toml).second;
    EXPECT_NE(problems.find(c.expected), std::string::npos) << c.name << ": " << problems;
  }
}

}  // namespace
}  // namespace ward::identity
