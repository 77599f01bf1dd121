#include "clinic.hpp"

#include "bounded.hpp"
#include "form.hpp"

namespace ward::identity {
namespace {

using namespace std::chrono_literals;

class DirectoryTest : public ClinicTest {};

TEST_F(DirectoryTest, survives_a_restart) {
  const auto before = identity->client("backend");
  open();
  const auto after = identity->client("backend");
  ASSERT_TRUE(after);
  EXPECT_EQ(to_json(*after), to_json(*before));
  EXPECT_EQ(identity->people().size(), 2u);
  EXPECT_EQ(identity->clients().size(), 2u);
  EXPECT_EQ(post(form_with(assertion())).status, 200);
}

TEST_F(DirectoryTest, lives_in_the_real_store) {
  std::string token;
  {
    auto real = store::open_sqlite({.file = folder / "ward.db"}, clock);
    ASSERT_TRUE(real) << real.error().text();
    auto house = Identity::open(settings, **real, *ring, clock, random);
    ASSERT_TRUE(house) << house.error().text();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*house)->put_person({"p" + std::to_string(i), "", {"nurse"}, "", {}}));
    ASSERT_TRUE((*house)->put_client(*identity->client("reporter")));
    token = (*house)->mint_client("reporter", "")->token;
    ASSERT_EQ(
        serve(**house, "/oauth/revoke", request("token=" + token, basic("reporter", "s3cret+with/letters"))).status,
        200);
    ASSERT_TRUE((*house)->remove_person("p1"));
  }
  auto real = store::open_sqlite({.file = folder / "ward.db"}, clock);
  ASSERT_TRUE(real) << real.error().text();
  auto house = Identity::open(settings, **real, *ring, clock, random);
  ASSERT_TRUE(house) << house.error().text();
  EXPECT_EQ((*house)->people().size(), 2u);
  EXPECT_TRUE((*house)->mint_client("reporter", ""));
  EXPECT_FALSE((*house)->authenticator()->authenticate("Bearer " + token));
}

TEST_F(DirectoryTest, what_could_not_be_written_is_not_there) {
  memory.broken = true;
  EXPECT_TRUE(identity->put_person({"new", "", {}, "", {}}).error().is("store_failed"));
  EXPECT_FALSE(identity->person("new"));
  EXPECT_FALSE(identity->revoke_person_tokens("dora"));
  memory.broken = false;
  EXPECT_TRUE(identity->put_person({"new", "", {}, "", {}}));
  EXPECT_TRUE(identity->person("new"));
}

TEST_F(DirectoryTest, generations_never_come_back) {
  const auto first = identity->person("dora")->generation;
  ASSERT_TRUE(identity->remove_person("dora"));
  clock.advance(1ms);
  ASSERT_TRUE(identity->put_person({"dora", "", {"physician"}, "Practitioner/d1", {}}));
  EXPECT_GT(identity->person("dora")->generation, first);
  const auto second = identity->person("dora")->generation;
  ASSERT_TRUE(identity->revoke_person_tokens("dora"));
  EXPECT_GT(identity->person("dora")->generation, second) << "also within a millisecond";
  EXPECT_TRUE(identity->revoke_person_tokens("nobody").error().is("not_found"));
}

TEST_F(DirectoryTest, a_damaged_entry_stops_the_start_and_is_named) {
  memory.values[{"identity.client", "backend"}] = "{}";
  const auto opened = Identity::open(settings, memory, *ring, clock, random);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().text().find("identity.client backend"), std::string::npos) << opened.error().text();
}

TEST_F(DirectoryTest, refuses_records_that_cannot_be_right) {
  auto person = [](auto change) {
    Person one{"ann", "", {"nurse"}, "Practitioner/1", {"TREAT"}};
    change(one);
    return one;
  };
  EXPECT_TRUE(identity->put_person(person([](Person&) {})));
  for (const Person& bad :
       {person([](Person& p) { p.username = ""; }), person([](Person& p) { p.username = "a b"; }),
        person([](Person& p) { p.username = std::string(65, 'a'); }),
        person([](Person& p) { p.fhir_user = "Practitioner"; }),
        person([](Person& p) { p.fhir_user = "Observation/1"; }), person([](Person& p) { p.roles = {"a\"b"}; }),
        person([](Person& p) { p.password_hash = "plain"; })})
    EXPECT_TRUE(identity->put_person(bad).error().is("person_invalid")) << to_json(bad);

  auto client = [&](auto change) {
    OAuthClient one = *identity->client("backend");
    change(one);
    return one;
  };
  EXPECT_TRUE(identity->put_client(client([](OAuthClient&) {})));
  for (const OAuthClient& bad :
       {client([](OAuthClient& c) { c.client_id = "a:b"; }), client([](OAuthClient& c) { c.client_id = "ward-cli"; }),
        client([](OAuthClient& c) { c.jwks = ""; }), client([](OAuthClient& c) { c.jwks = R"({"keys":[]})"; }),
        client([](OAuthClient& c) { c.secret_hash = hash_client_secret("x"); }),
        client([](OAuthClient& c) { c.scope = "system/Patient.zz"; }),
        client([](OAuthClient& c) { c.grant_types = {"password"}; }),
        client([](OAuthClient& c) { c.access_token_lifetime = 3601s; }),
        client([](OAuthClient& c) { c.authentication = ClientAuthentication::client_secret_basic; }),
        client([&](OAuthClient& c) { c.jwks = R"({"keys":[)" + crypto::private_jwk(key, "k").reveal() + "]}"; })})
    EXPECT_TRUE(identity->put_client(bad).error().is("client_invalid")) << bad.client_id;
}

TEST_F(DirectoryTest, records_read_back_as_they_were_written) {
  const Person person{"ann", "$argon2id$x", {"nurse", "admin"}, "Practitioner/1", {"TREAT"}, 1'800'000'000'123, true};
  EXPECT_EQ(to_json(parse_person(to_json(person)).value()), to_json(person));
  const OAuthClient client = *identity->client("reporter");
  EXPECT_EQ(to_json(parse_client(to_json(client)).value()), to_json(client));
  EXPECT_FALSE(parse_client(R"({"client_id":"a","token_endpoint_auth_method":"none","scope":"system/*.rs"})"));
  EXPECT_FALSE(parse_person("[]"));
}

TEST(Password, argon2id_takes_the_right_one_alone) {
  SystemRandom random;
  const auto hash = hash_password(Secret<std::string>("correct horse battery"), random);
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_TRUE(password_matches(Secret<std::string>("correct horse battery"), *hash));
  EXPECT_FALSE(password_matches(Secret<std::string>("correct horse batterz"), *hash));
  EXPECT_FALSE(password_matches(Secret<std::string>(""), *hash));
  EXPECT_FALSE(password_matches(Secret<std::string>(""), ""));
  EXPECT_NE(hash_password(Secret<std::string>("correct horse battery"), random).value(), *hash);
}

TEST(SeenIds, are_bounded_per_owner_and_in_all) {
  using Outcome = SeenIds::Outcome;
  SeenIds seen(4, 2);
  EXPECT_EQ(seen.take("a", "1", 100, 0), Outcome::fresh);
  EXPECT_EQ(seen.take("a", "1", 100, 0), Outcome::seen);
  EXPECT_EQ(seen.take("b", "1", 100, 0), Outcome::fresh) << "another owner's id";
  EXPECT_EQ(seen.take("a", "2", 50, 0), Outcome::fresh);
  EXPECT_EQ(seen.take("a", "3", 100, 0), Outcome::full);
  EXPECT_EQ(seen.take("b", "2", 100, 0), Outcome::fresh) << "one owner does not fill it for others";
  EXPECT_EQ(seen.take("c", "1", 100, 0), Outcome::full);
  EXPECT_EQ(seen.take("a", "3", 200, 50), Outcome::fresh) << "an ended one made room";
  EXPECT_TRUE(seen.has("a", "3"));
  EXPECT_FALSE(seen.has("a", "2"));
  EXPECT_EQ(seen.size(), 4u);
}

TEST(Form, reads_names_and_values_strictly) {
  const auto form = Form::parse("a=1&b=x+y%2Bz&&c&d=&e=%C3%BC");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->get("a"), "1");
  EXPECT_EQ(form->get("b"), "x y+z");
  EXPECT_EQ(form->get("c"), std::nullopt);
  EXPECT_EQ(form->get("d"), std::nullopt) << "RFC 6749 section 3.1";
  EXPECT_EQ(form->get("e"), "\xc3\xbc");
  EXPECT_EQ(form->get("f"), std::nullopt);
}

}  // namespace
}  // namespace ward::identity
