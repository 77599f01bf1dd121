#include "passkey_ceremony.hpp"

#include <gtest/gtest.h>

namespace ward::factors {
namespace {

using namespace test;

// Keys are dear, so that the tests share one authenticator of each kind.
const SoftwareAuthenticator& authenticator(Kind kind) {
  static const SoftwareAuthenticator es256(Kind::es256), eddsa(Kind::eddsa), rs256(Kind::rs256);
  return kind == Kind::es256 ? es256 : kind == Kind::eddsa ? eddsa : rs256;
}

TEST(PasskeyRegistration, takes_each_algorithm_with_each_attestation) {
  for (const Kind kind : {Kind::es256, Kind::eddsa, Kind::rs256}) {
    for (const Attestation attestation : {Attestation::none, Attestation::self, Attestation::certified}) {
      for (const Kind certificate_kind : {Kind::es256, Kind::eddsa, Kind::rs256}) {
        auto plan = registration();
        plan.attestation = attestation;
        plan.certificate_kind = certificate_kind;
        plan.counter = 7;
        const auto credential = verify_registration(authenticator(kind).create(plan), clinic());
        ASSERT_TRUE(credential) << name(kind) << " " << static_cast<int>(attestation) << credential.error().text();
        EXPECT_EQ(credential->id, authenticator(kind).id());
        EXPECT_EQ(credential->algorithm, authenticator(kind).key().algorithm());
        EXPECT_EQ(credential->public_key, authenticator(kind).key().cose());
        EXPECT_EQ(credential->counter, 7u);
        EXPECT_EQ(credential->aaguid, authenticator(kind).aaguid);
        EXPECT_EQ(credential->transports, (std::vector<std::string>{"internal", "hybrid"}));
        EXPECT_FALSE(credential->backup_eligible);
        EXPECT_FALSE(credential->backed_up);
      }
    }
  }
}

TEST(PasskeyRegistration, takes_what_browsers_and_authenticators_may_vary) {
  struct Case {
    const char* name;
    std::function<void(RegistrationPlan&)> vary;
  };
  const Case cases[] = {
      {"another of our origins", [](auto& plan) { plan.origin = "https://www.clinic.example"; }},
      {"no crossOrigin", [](auto& plan) { plan.client_data_more = ""; }},
      {"members that may come (section 5.8.1)",
       [](auto& plan) { plan.client_data_more = R"(,"other_keys_can_be_added_here":"x","crossOrigin":false)"; }},
      {"no transports", [](auto& plan) { plan.transports = ""; }},
      {"a transport of the future", [](auto& plan) { plan.transports = R"(["smart-card","thought-2"])"; }},
      {"credProtect unasked, attested",
       [](auto& plan) {
         plan.attestation = Attestation::self;
         plan.extensions = cbor_map({cbor_text("credProtect"), cbor_integer(2)});
       }},
      {"several extensions, certified",
       [](auto& plan) {
         plan.attestation = Attestation::certified;
         // In CTAP2's canonical order, on which libfido2 insists.
         plan.extensions = cbor_map({cbor_text("credBlob"), cbor_true, cbor_text("credProtect"), cbor_integer(3),
                                     cbor_text("hmac-secret"), cbor_true, cbor_text("minPinLength"), cbor_integer(6)});
       }},
      {"an extension that nobody knows",
       [](auto& plan) {
         plan.attestation = Attestation::self;
         plan.extensions = cbor_map({cbor_text("x"), cbor_map({cbor_text("y"), cbor_integer(-5)})});
       }},
      {"a certificate that names the make",
       [](auto& plan) {
         plan.attestation = Attestation::certified;
         plan.certificate.aaguid = authenticator(Kind::es256).aaguid;
       }},
      {"the longest id", [](auto& plan) { plan.attested_id = plan.raw_id = plan.text_id = std::string(1023, 'i'); }},
  };
  for (const Case& one : cases) {
    auto plan = registration();
    one.vary(plan);
    EXPECT_EQ(code_of(verify_registration(authenticator(Kind::es256).create(plan), clinic())), "right") << one.name;
  }
}

TEST(PasskeyRegistration, keeps_the_backup_flags) {
  auto plan = registration();
  plan.flags = 0x05 | 0x08;
  auto credential = registered(authenticator(Kind::es256), plan);
  EXPECT_TRUE(credential.backup_eligible);
  EXPECT_FALSE(credential.backed_up);
  plan.flags = 0x05 | 0x08 | 0x10;
  credential = registered(authenticator(Kind::es256), plan);
  EXPECT_TRUE(credential.backed_up);
}

struct Bent {
  const char* name;
  const char* code;
  std::function<void(RegistrationPlan&)> bend;
};

void replace(std::string& text, std::string_view old_text, std::string_view new_text) {
  const auto at = text.find(old_text);
  WARD_ASSERT(at != std::string::npos);
  text.replace(at, old_text.size(), new_text);
}

void expect_refused(std::span<const Bent> cases) {
  for (const Bent& one : cases) {
    for (const Kind kind : {Kind::es256, Kind::eddsa}) {
      auto plan = registration();
      one.bend(plan);
      EXPECT_EQ(code_of(verify_registration(authenticator(kind).create(plan), clinic())), one.code) << one.name;
    }
  }
}

TEST(PasskeyRegistration, refuses_what_section_7_1_refuses_of_the_client_data) {
  const Bent cases[] = {
      {"step 7: an assertion", "type", [](auto& plan) { plan.type = "webauthn.get"; }},
      {"step 7: a payment", "type", [](auto& plan) { plan.type = "payment.get"; }},
      {"step 7: no text", "type",
       [](auto& plan) { plan.edit_client_data = [](std::string& t) { replace(t, "\"webauthn.create\"", "null"); }; }},
      {"step 8: another challenge", "challenge", [](auto& plan) { plan.challenge[3] ^= 1; }},
      {"step 8: a prefix of it", "challenge", [](auto& plan) { plan.challenge.resize(31); }},
      {"step 8: none", "challenge", [](auto& plan) { plan.challenge.clear(); }},
      {"step 8: padded", "challenge",
       [](auto& plan) { plan.edit_client_data = [](std::string& t) { replace(t, "\",\"origin", "=\",\"origin"); }; }},
      {"step 9: another site", "origin", [](auto& plan) { plan.origin = "https://clinic.example.evil"; }},
      {"step 9: another port", "origin", [](auto& plan) { plan.origin = "https://clinic.example"; }},
      {"step 9: not encrypted", "origin", [](auto& plan) { plan.origin = "http://clinic.example:8443"; }},
      {"step 9: a subdomain", "origin", [](auto& plan) { plan.origin = "https://x.clinic.example:8443"; }},
      {"step 9: upper case", "origin", [](auto& plan) { plan.origin = "https://CLINIC.example:8443"; }},
      {"step 9: none", "origin", [](auto& plan) { plan.origin = ""; }},
      {"step 10: in a frame", "cross_origin", [](auto& plan) { plan.client_data_more = R"(,"crossOrigin":true)"; }},
      {"step 10: no truth value", "cross_origin",
       [](auto& plan) { plan.client_data_more = R"(,"crossOrigin":"false")"; }},
      {"step 11: a top origin", "top_origin",
       [](auto& plan) { plan.client_data_more = R"(,"crossOrigin":false,"topOrigin":"https://clinic.example:8443")"; }},
      {"step 6: a member twice", "client_data",
       [](auto& plan) { plan.client_data_more = R"(,"origin":"https://evil.example")"; }},
      {"step 6: no object", "client_data",
       [](auto& plan) { plan.edit_client_data = [](std::string& t) { t = "[" + t + "]"; }; }},
      {"step 6: no JSON", "client_data", [](auto& plan) { plan.edit_client_data = [](std::string& t) { t += "x"; }; }},
      {"step 5: no UTF-8", "client_data",
       [](auto& plan) { plan.client_data_more = std::string(",\"x\":\"\xC3\x28\""); }},
      {"too large", "client_data",
       [](auto& plan) { plan.client_data_more = ",\"x\":\"" + std::string(9000, 'x') + "\""; }},
  };
  expect_refused(cases);
}

TEST(PasskeyRegistration, refuses_what_section_7_1_refuses_of_the_authenticator_data) {
  const auto edit_data = [](Edit edit) {
    return [edit](RegistrationPlan& plan) { plan.edit_authenticator_data = edit; };
  };
  const Bent cases[] = {
      {"step 14: another relying party", "rp_id", [](auto& plan) { plan.rp_id = "evil.example"; }},
      {"step 14: a parent domain", "rp_id", [](auto& plan) { plan.rp_id = "example"; }},
      {"step 15: nobody there", "user_present", [](auto& plan) { plan.flags = 0x04; }},
      {"step 16: not verified", "user_verified", [](auto& plan) { plan.flags = 0x01; }},
      {"step 17: backed up and not eligible", "backup_state", [](auto& plan) { plan.flags = 0x15; }},
      {"step 25: an id too long", "credential_id",
       [](auto& plan) { plan.attested_id = plan.raw_id = plan.text_id = std::string(1024, 'i'); }},
      {"no id", "credential_id", [](auto& plan) { plan.attested_id = ""; }},
      {"another id than the response's", "credential_id", [](auto& plan) { plan.attested_id = "another"; }},
      {"no credential", "authenticator_data", edit_data([](std::string& d) { d.resize(37), d[32] = 0x05; })},
      {"a credential without its flag", "authenticator_data", edit_data([](std::string& d) { d[32] = 0x05; })},
      {"extensions said and absent", "authenticator_data", edit_data([](std::string& d) { d[32] |= '\x80'; })},
      {"extensions that are no map", "authenticator_data", [](auto& plan) { plan.extensions = cbor_array({}); }},
      {"extensions twice", "authenticator_data", [](auto& plan) { plan.extensions = cbor_map({}) + cbor_map({}); }},
      {"something behind", "authenticator_data", edit_data([](std::string& d) { d += '\0'; })},
      {"empty", "authenticator_data", edit_data([](std::string& d) { d.clear(); })},
      {"cut in the hash", "authenticator_data", edit_data([](std::string& d) { d.resize(31); })},
      {"cut in the counter", "authenticator_data", edit_data([](std::string& d) { d.resize(36); })},
      {"cut in the id", "authenticator_data", edit_data([](std::string& d) { d.resize(60); })},
      {"cut in the key", "authenticator_data", edit_data([](std::string& d) { d.pop_back(); })},
      {"an id longer than all", "authenticator_data", edit_data([](std::string& d) { d[53] = '\xFF'; })},
  };
  expect_refused(cases);
}

TEST(PasskeyRegistration, takes_user_presence_alone_only_where_it_is_told_to) {
  auto plan = registration();
  plan.flags = 0x01;
  plan.attestation = Attestation::self;
  auto expected = clinic();
  expected.user_verification_required = false;
  EXPECT_EQ(code_of(verify_registration(authenticator(Kind::es256).create(plan), expected)), "right");
}

TEST(PasskeyRegistration, refuses_keys_that_were_not_offered_or_are_none) {
  const Key es256(Kind::es256), eddsa(Kind::eddsa), rs256(Kind::rs256);
  const auto edited_key = [](std::string cose, std::string_view old_text, std::string_view new_text) {
    replace(cose, old_text, new_text);
    return cose;
  };
  struct Case {
    const char* name;
    const char* code;
    std::string cose;
  };
  const Case cases[] = {
      {"step 19: ES384", "algorithm", es256.cose(-35)},
      {"step 19: PS256", "algorithm", rs256.cose(-37)},
      {"step 19: RS1", "algorithm", rs256.cose(-65535)},
      {"step 19: HMAC", "algorithm", es256.cose(5)},
      {"no algorithm", "algorithm", cbor_map({cbor_integer(1), cbor_integer(2)})},
      {"an ES256 key as EdDSA", "public_key", es256.cose(-8)},
      {"an EdDSA key as ES256", "public_key", eddsa.cose(-7)},
      {"an RSA key as ES256", "public_key", rs256.cose(-7)},
      {"P-384 with ES256", "public_key", es256.cose(-7, 2)},
      {"X25519 with EdDSA", "public_key", eddsa.cose(-8, 4)},
      {"a point that is not on the curve", "public_key",
       es256.cose().substr(0, es256.cose().size() - 1) + static_cast<char>(es256.cose().back() ^ 1)},
      {"a compressed point", "public_key", es256.cose().substr(0, es256.cose().size() - 34) + cbor_true},
      {"one member more", "public_key", "\xA6" + es256.cose().substr(1) + cbor_integer(4) + cbor_integer(2)},
      {"an RSA exponent of 3", "public_key",
       edited_key(rs256.cose(), std::string_view("\x43\x01\x00\x01", 4), std::string_view("\x43\x00\x00\x03", 4))},
      {"an even RSA exponent", "public_key",
       edited_key(rs256.cose(), std::string_view("\x43\x01\x00\x01", 4), std::string_view("\x43\x01\x00\x00", 4))},
      {"no key", "authenticator_data", std::string()},
      {"no map", "authenticator_data", cbor_bytes("key")},
      {"a member twice", "authenticator_data",
       cbor_map({cbor_integer(3), cbor_integer(-7), cbor_integer(3), cbor_integer(-8)})},
  };
  for (const Case& one : cases) {
    auto plan = registration();
    plan.cose = one.cose;
    EXPECT_EQ(code_of(verify_registration(authenticator(Kind::es256).create(plan), clinic())), one.code) << one.name;
  }
}

TEST(PasskeyRegistration, refuses_attestation_that_does_not_prove_what_section_8_2_asks) {
  const auto self = [](std::function<void(RegistrationPlan&)> bend) {
    return [bend](RegistrationPlan& plan) { plan.attestation = Attestation::self, bend(plan); };
  };
  const auto certified = [](std::function<void(RegistrationPlan&)> bend) {
    return [bend](RegistrationPlan& plan) { plan.attestation = Attestation::certified, bend(plan); };
  };
  const Edit flip = [](std::string& text) { text[text.size() / 2] ^= 1; };
  const Bent cases[] = {
      {"another format", "attestation_format", [](auto& plan) { plan.format = "tpm"; }},
      {"fido-u2f", "attestation_format", [](auto& plan) { plan.format = "fido-u2f"; }},
      {"a name like ours", "attestation_format", self([](auto& plan) { plan.format = "Packed"; })},
      {"none with a statement", "attestation",
       [](auto& plan) { plan.statement_more = cbor_text("sig") + cbor_bytes("x"); }},
      {"packed without one", "attestation", [](auto& plan) { plan.format = "packed"; }},
      {"self: a signature bent", "attestation", self([flip](auto& plan) { plan.edit_signature = flip; })},
      {"self: no signature", "attestation",
       self([](auto& plan) { plan.edit_signature = [](std::string& s) { s.clear(); }; })},
      {"self: a signature without end", "attestation",
       self([](auto& plan) { plan.edit_signature = [](std::string& s) { s.resize(2000); }; })},
      {"self: another algorithm", "attestation", self([](auto& plan) { plan.statement_algorithm = -257; })},
      {"self: ECDAA", "attestation",
       self([](auto& plan) { plan.statement_more = cbor_text("ecdaaKeyId") + cbor_bytes("x"); })},
      {"self: another key in the data", "attestation", self([](auto& plan) {
         plan.cose = Key(Kind::es256).cose();
         plan.statement_algorithm = -7;
       })},
      {"certified: a signature bent", "attestation", certified([flip](auto& plan) { plan.edit_signature = flip; })},
      {"certified: SHA-1", "attestation", certified([](auto& plan) { plan.statement_algorithm = -65535; })},
      {"certified: another algorithm", "attestation", certified([](auto& plan) { plan.statement_algorithm = -8; })},
      {"certified: no certificates", "attestation", certified([](auto& plan) { plan.x5c = cbor_array({}); })},
      {"certified: no list", "attestation", certified([](auto& plan) { plan.x5c = cbor_bytes("x"); })},
      {"certified: no certificate", "attestation",
       certified([](auto& plan) { plan.x5c = cbor_array({cbor_bytes("x")}); })},
      {"certified: text in the list", "attestation",
       certified([](auto& plan) { plan.x5c = cbor_array({cbor_text("x")}); })},
      {"certified: somebody else's certificate", "attestation",
       certified([](auto& plan) { plan.x5c = cbor_array({cbor_bytes(make_certificate(Key(Kind::es256), {}))}); })},
      {"8.2.1: version 1", "attestation", certified([](auto& plan) { plan.certificate.version = 0; })},
      {"8.2.1: no country", "attestation", certified([](auto& plan) { plan.certificate.country = ""; })},
      {"8.2.1: no organisation", "attestation", certified([](auto& plan) { plan.certificate.organisation = ""; })},
      {"8.2.1: another unit", "attestation", certified([](auto& plan) { plan.certificate.unit = "Web Server"; })},
      {"8.2.1: no unit", "attestation", certified([](auto& plan) { plan.certificate.unit = ""; })},
      {"8.2.1: no name", "attestation", certified([](auto& plan) { plan.certificate.name = ""; })},
      {"8.2.1: an authority", "attestation", certified([](auto& plan) { plan.certificate.authority = true; })},
      {"8.2.1: no constraints", "attestation", certified([](auto& plan) { plan.certificate.authority.reset(); })},
      {"8.2.1: another make", "attestation",
       certified([](auto& plan) { plan.certificate.aaguid = std::string(16, 'x'); })},
      {"8.2.1: the make is critical", "attestation", certified([](auto& plan) {
         plan.certificate.aaguid = authenticator(Kind::es256).aaguid;
         plan.certificate.aaguid_critical = true;
       })},
  };
  expect_refused(cases);
}

TEST(PasskeyRegistration, refuses_attestation_objects_that_are_malformed) {
  const auto edit = [](Edit change) {
    return [change](RegistrationPlan& plan) { plan.edit_attestation_object = change; };
  };
  const Bent cases[] = {
      {"empty map", "attestation_object", edit([](std::string& o) { o = cbor_map({}); })},
      {"no CBOR", "attestation_object", edit([](std::string& o) { o = "\xFF"; })},
      {"cut", "attestation_object", edit([](std::string& o) { o.pop_back(); })},
      {"something behind", "attestation_object", edit([](std::string& o) { o += '\0'; })},
      {"an array", "attestation_object", edit([](std::string& o) { o = cbor_array({o}); })},
      {"authData as text", "attestation_object", edit([](std::string& o) {
         o = cbor_map({cbor_text("fmt"), cbor_text("none"), cbor_text("attStmt"), cbor_map({}), cbor_text("authData"),
                       cbor_text("x")});
       })},
      {"a format twice", "attestation_object",
       edit([](std::string& o) { o = "\xA4" + o.substr(1) + cbor_text("fmt") + cbor_text("none"); })},
      {"a tag", "attestation_object", edit([](std::string& o) { o = "\xC1" + o; })},
      {"of no certain length", "attestation_object", edit([](std::string& o) { o = "\xBF" + o.substr(1) + "\xFF"; })},
      {"a list of 2^60", "attestation_object", edit([](std::string& o) { o = cbor_head(4, 1ull << 60); })},
      {"a thousand levels", "attestation_object", edit([](std::string& o) { o = std::string(1000, '\x81') + "\x01"; })},
  };
  expect_refused(cases);
}

TEST(PasskeyRegistration, refuses_responses_that_are_malformed) {
  const auto edit = [](std::string_view old_text, std::string_view new_text) {
    return
        [=](RegistrationPlan& plan) { plan.edit_json = [=](std::string& json) { replace(json, old_text, new_text); }; };
  };
  const Bent cases[] = {
      {"another type", "response", [](auto& plan) { plan.credential_type = "password"; }},
      {"two ids", "response", [](auto& plan) { plan.text_id = "another"; }},
      {"no id", "response", [](auto& plan) { plan.raw_id = plan.text_id = ""; }},
      {"no rawId", "response", edit("\"rawId\"", "\"rawid\"")},
      {"padding", "response", edit("\",\"attestationObject\"", "=\",\"attestationObject\"")},
      {"no client data", "response", edit("clientDataJSON", "clientData")},
      {"no attestation object", "response", edit("attestationObject", "attestation")},
      {"transports no list", "response", [](auto& plan) { plan.transports = R"("usb")"; }},
      {"transports no names", "response", [](auto& plan) { plan.transports = R"([1])"; }},
      {"a transport with a tag", "response", [](auto& plan) { plan.transports = R"(["<b>"])"; }},
      {"too many transports", "response",
       [](auto& plan) { plan.transports = R"(["a","b","c","d","e","f","g","h","i"])"; }},
      {"no JSON", "response", [](auto& plan) { plan.edit_json = [](std::string& json) { json = "x"; }; }},
      {"empty", "response", [](auto& plan) { plan.edit_json = [](std::string& json) { json.clear(); }; }},
      {"no object", "response", [](auto& plan) { plan.edit_json = [](std::string& json) { json = "[]"; }; }},
      {"response no object", "response", edit("\"response\":{", "\"response\":7,\"x\":{")},
      {"a member twice", "response", edit("\"type\":", "\"id\":\"eA\",\"type\":")},
      {"too large", "response",
       [](auto& plan) { plan.edit_json = [](std::string& json) { json += std::string(70'000, ' '); }; }},
  };
  expect_refused(cases);
}

TEST(PasskeyRegistration, a_challenge_that_is_too_short_never_fits) {
  auto expected = clinic();
  auto plan = registration();
  for (const std::string& weak : {std::string(), std::string("123456789012345")}) {
    expected.challenge = plan.challenge = weak;
    EXPECT_EQ(code_of(verify_registration(authenticator(Kind::es256).create(plan), expected)), "challenge");
  }
}

}  // namespace
}  // namespace ward::factors
