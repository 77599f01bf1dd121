#include "passkey_ceremony.hpp"

#include <gtest/gtest.h>

namespace ward::factors {
namespace {

using namespace test;

const SoftwareAuthenticator& authenticator(Kind kind) {
  static const SoftwareAuthenticator es256(Kind::es256), eddsa(Kind::eddsa), rs256(Kind::rs256);
  return kind == Kind::es256 ? es256 : kind == Kind::eddsa ? eddsa : rs256;
}

TEST(PasskeyAssertion, takes_each_algorithm) {
  for (const Kind kind : {Kind::es256, Kind::eddsa, Kind::rs256}) {
    const auto credential = registered(authenticator(kind));
    auto plan = assertion();
    plan.counter = 5;
    const auto verified = verify_assertion(authenticator(kind).get(plan), credential, clinic());
    ASSERT_TRUE(verified) << name(kind) << verified.error().text();
    EXPECT_EQ(verified->counter, 5u);
    EXPECT_TRUE(verified->user_verified);
    EXPECT_FALSE(verified->backed_up);
  }
}

TEST(PasskeyAssertion, tells_whose_it_claims_to_be) {
  auto plan = assertion();
  plan.user_handle = person;
  const auto claimed = claimed_credential(authenticator(Kind::es256).get(plan));
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->id, authenticator(Kind::es256).id());
  EXPECT_EQ(claimed->user_handle, person);
  EXPECT_EQ(claimed_credential(authenticator(Kind::es256).get(assertion()))->user_handle, std::nullopt);
  EXPECT_EQ(code_of(claimed_credential("{}")), "response");
}

TEST(PasskeyAssertion, the_user_handle_is_the_owners_section_7_2_step_6) {
  const auto credential = registered(authenticator(Kind::es256));
  auto named = clinic(), discovered = clinic();
  discovered.user_handle_required = true;
  const auto with = [&](std::optional<std::string> handle, const Expected& expected) {
    auto plan = assertion();
    plan.user_handle = std::move(handle);
    return code_of(verify_assertion(authenticator(Kind::es256).get(plan), credential, expected));
  };
  EXPECT_EQ(with(person, named), "right");
  EXPECT_EQ(with(std::nullopt, named), "right");
  EXPECT_EQ(with("handle-of-paul", named), "user_handle");
  EXPECT_EQ(with(person, discovered), "right");
  EXPECT_EQ(with(std::nullopt, discovered), "user_handle");
  EXPECT_EQ(with("handle-of-paul", discovered), "user_handle");
  EXPECT_EQ(with(std::string(65, 'x'), named), "response");
  auto null_handle = assertion();
  null_handle.edit_json = [](std::string& json) { json.insert(json.size() - 2, ",\"userHandle\":null"); };
  EXPECT_EQ(code_of(verify_assertion(authenticator(Kind::es256).get(null_handle), credential, named)), "right");
}

TEST(PasskeyAssertion, the_counter_grows_or_is_0_for_ever_section_6_1_1) {
  auto credential = registered(authenticator(Kind::es256));
  const auto after = [&](std::uint32_t before, std::uint32_t now) {
    credential.counter = before;
    auto plan = assertion();
    plan.counter = now;
    return code_of(verify_assertion(authenticator(Kind::es256).get(plan), credential, clinic()));
  };
  EXPECT_EQ(after(0, 0), "right");
  EXPECT_EQ(after(0, 1), "right");
  EXPECT_EQ(after(7, 8), "right");
  EXPECT_EQ(after(7, 0xFFFFFFFF), "right");
  EXPECT_EQ(after(7, 7), "counter");
  EXPECT_EQ(after(7, 6), "counter");
  EXPECT_EQ(after(7, 0), "counter");
  EXPECT_EQ(after(0xFFFFFFFF, 0xFFFFFFFF), "counter");
}

TEST(PasskeyAssertion, backup_eligibility_never_changes_section_7_2_step_19) {
  auto plan = registration();
  plan.flags = 0x05 | 0x08;
  const auto eligible = registered(authenticator(Kind::es256), plan);
  const auto single = registered(authenticator(Kind::es256));
  const auto with = [&](std::uint8_t flags, const Credential& credential) {
    auto get = assertion();
    get.flags = flags;
    return verify_assertion(authenticator(Kind::es256).get(get), credential, clinic());
  };
  EXPECT_FALSE(with(0x05 | 0x08, eligible)->backed_up);
  EXPECT_TRUE(with(0x05 | 0x18, eligible)->backed_up) << "being backed up may change";
  EXPECT_EQ(code_of(with(0x05, eligible)), "backup_eligibility");
  EXPECT_EQ(code_of(with(0x05 | 0x08, single)), "backup_eligibility");
  EXPECT_EQ(code_of(with(0x05 | 0x10, single)), "backup_state");
}

struct Bent {
  const char* name;
  const char* code;
  std::function<void(AssertionPlan&)> bend;
};

TEST(PasskeyAssertion, refuses_what_section_7_2_refuses) {
  const Edit flip = [](std::string& text) { text[text.size() / 2] ^= 1; };
  const Bent cases[] = {
      {"step 10: a registration", "type", [](auto& plan) { plan.type = "webauthn.create"; }},
      {"step 11: another challenge", "challenge", [](auto& plan) { plan.challenge[0] ^= 1; }},
      {"step 12: another site", "origin", [](auto& plan) { plan.origin = "https://evil.example"; }},
      {"step 13: in a frame", "cross_origin", [](auto& plan) { plan.client_data_more = R"(,"crossOrigin":true)"; }},
      {"step 14: a top origin", "top_origin",
       [](auto& plan) { plan.client_data_more = R"(,"topOrigin":"https://evil.example")"; }},
      {"step 15: another relying party", "rp_id", [](auto& plan) { plan.rp_id = "www.clinic.example"; }},
      {"step 16: nobody there", "user_present", [](auto& plan) { plan.flags = 0x04; }},
      {"step 17: not verified", "user_verified", [](auto& plan) { plan.flags = 0x01; }},
      {"step 22: a signature bent", "signature", [flip](auto& plan) { plan.edit_signature = flip; }},
      {"step 22: cut", "signature", [](auto& plan) { plan.edit_signature = [](std::string& s) { s.pop_back(); }; }},
      {"step 22: extended", "signature", [](auto& plan) { plan.edit_signature = [](std::string& s) { s += '\0'; }; }},
      {"step 22: of nothing", "signature",
       [](auto& plan) { plan.edit_signature = [](std::string& s) { s = std::string(s.size(), '\0'); }; }},
      {"step 22: without end", "signature",
       [](auto& plan) { plan.edit_signature = [](std::string& s) { s = std::string(5000, 'x'); }; }},
      {"step 22: a stranger's", "signature",
       [](auto& plan) { plan.edit_signature = [](std::string& s) { s = Key(Kind::es256).sign("something else"); }; }},
      {"another credential", "credential_id", [](auto& plan) { plan.raw_id = plan.text_id = "another"; }},
      {"no signature", "response", [](auto& plan) { plan.edit_signature = [](std::string& s) { s.clear(); }; }},
      {"something behind the data", "authenticator_data",
       [](auto& plan) { plan.edit_authenticator_data = [](std::string& d) { d += "x"; }; }},
      {"a credential in the data", "authenticator_data",
       [](auto& plan) {
         plan.edit_authenticator_data = [](std::string& d) {
           d[32] |= 0x40;
           d += std::string(16, '\0') + std::string("\0\1i", 3) + Key(Kind::eddsa).cose();
         };
       }},
      {"extensions that are no map", "authenticator_data", [](auto& plan) { plan.extensions = cbor_integer(1); }},
  };
  for (const Bent& one : cases) {
    for (const Kind kind : {Kind::es256, Kind::eddsa, Kind::rs256}) {
      const auto credential = registered(authenticator(kind));
      auto plan = assertion();
      one.bend(plan);
      EXPECT_EQ(code_of(verify_assertion(authenticator(kind).get(plan), credential, clinic())), one.code)
          << one.name << " " << name(kind);
    }
  }
}

// Sections 7.2 steps 21 and 22: what is signed is what is read. Each part is bent after the signature was made.
TEST(PasskeyAssertion, nothing_can_be_changed_behind_the_signature) {
  for (const Kind kind : {Kind::es256, Kind::eddsa, Kind::rs256}) {
    const auto credential = registered(authenticator(kind));
    auto signed_plan = assertion(), shown_plan = assertion();
    signed_plan.counter = 3;
    shown_plan.counter = 4;
    const std::string real = sha256("clinic.example");
    shown_plan.edit_signature = [&](std::string& signature) {
      signature =
          authenticator(kind).key().sign(signed_plan.authenticator_data("") + sha256(signed_plan.client_data()));
    };
    EXPECT_EQ(code_of(verify_assertion(authenticator(kind).get(shown_plan), credential, clinic())), "signature");
    shown_plan.counter = 3;
    EXPECT_EQ(code_of(verify_assertion(authenticator(kind).get(shown_plan), credential, clinic())), "right");
    shown_plan.client_data_more = "";
    EXPECT_EQ(code_of(verify_assertion(authenticator(kind).get(shown_plan), credential, clinic())), "signature");
  }
}

TEST(PasskeyAssertion, one_credentials_signature_is_not_anothers) {
  for (const Kind kind : {Kind::es256, Kind::eddsa}) {
    const SoftwareAuthenticator other(kind);
    const auto credential = registered(authenticator(kind));
    EXPECT_EQ(code_of(verify_assertion(other.get(assertion()), credential, clinic())), "signature");
  }
  auto credential = registered(authenticator(Kind::es256));
  credential.algorithm = cose_rs256;
  EXPECT_EQ(code_of(verify_assertion(authenticator(Kind::es256).get(assertion()), credential, clinic())), "algorithm");
  credential.public_key = "not a key";
  EXPECT_EQ(code_of(verify_assertion(authenticator(Kind::es256).get(assertion()), credential, clinic())), "public_key");
}

TEST(PasskeyAssertion, outputs_of_extensions_do_not_matter) {
  const auto credential = registered(authenticator(Kind::es256));
  for (const std::string& extensions : {cbor_map({cbor_text("uvm"), cbor_array({})}), cbor_map({}),
                                        cbor_map({cbor_text("hmac-secret"), cbor_bytes(std::string(48, 'x'))}),
                                        cbor_map({cbor_text("credBlob"), cbor_bytes("blob")})}) {
    auto plan = assertion();
    plan.extensions = extensions;
    EXPECT_EQ(code_of(verify_assertion(authenticator(Kind::es256).get(plan), credential, clinic())), "right")
        << hex_encode(extensions);
  }
}

TEST(PasskeyAssertion, a_verified_user_can_be_told_from_a_present_one) {
  const auto credential = registered(authenticator(Kind::es256));
  auto plan = assertion();
  plan.flags = 0x01;
  auto expected = clinic();
  expected.user_verification_required = false;
  const auto verified = verify_assertion(authenticator(Kind::es256).get(plan), credential, expected);
  ASSERT_TRUE(verified);
  EXPECT_FALSE(verified->user_verified);
}

}  // namespace
}  // namespace ward::factors
