// Vectors that others made: WebAuthn level 3, section 16 (test vectors), whose relying party is example.org.
#include "base/encoding.hpp"
#include "passkey.hpp"

#include <gtest/gtest.h>

namespace ward::factors {
namespace {

struct Vector {
  const char* name;  // as in the section
  const char* credential_id;
  const char *challenge, *extra_data, *attestation_object;  // of the registration; extra_data is hex, or ""
  const char *get_challenge, *get_extra_data, *authenticator_data, *signature;  // of the assertion
};

const Vector vectors[] = {
    {"16.2 none.ES256", "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4",
     "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130", "06441e0e375c4c1ad70620302532c4e5",
     "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592"
     "a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33"
     "ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820"
     "930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220",
     "39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408", "",
     "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000",
     "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1"
     "dd5d78c6e486013f937295ea13653e331e87"},
    {"16.3 packed-self.ES256", "455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58c",
     "7869c2b772d4b58eba9378cf8f29e26cf935aa77df0da89fa99c0bdc0a76f7e5", "53d8535ef284d944643276ffd3160756",
     "a363666d74667061636b65646761747453746d74a263616c672663736967584630440220067a20754ab925005dbf378097c92120031581"
     "c73228d1fb4f5b881bcd7da98302207fc7b147558c7c0eba3af18bd9d121fa3d3a26d17fe3f220272178f473b6006d68617574684461"
     "746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b55d00000000df850e09db6afbdfab51697791"
     "506cfc0020455ef34e2043a87db3d4afeb39bbcb6cc32df9347c789a865ecdca129cbef58ca5010203262001215820eb151c8176b225"
     "cc651559fecf07af450fd85802046656b34c18f6cf193843c5225820927b8aa427a2be1b8834d233a2d34f61f13bfd44119c325d5896"
     "e183fee484f2",
     "4478a10b1352348dd160c1353b0d469b5db19eb91c27f7dfa6fed39fe26af20b", "8136f9debcfa121496a265c6ce2982d5",
     "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50900000000",
     "304402203310b9431903c401f1be2bdc8d23a4007682dbbddcf846994947b7f465daf84002204e94dd00047b316061b3b99772b7efd9"
     "5994a83ef584b3b6b825ea3550251b66"},
    {"16.11 packed.EdDSA", "ce9f840ed96599580cd140fbc7bb3230633f50f61041aff73308ae71caa8a2bd",
     "a8abf9dabdc6b0df63466b39bda9e8a34a34e185337a59f1c579990676d3b3bd", "07f0d3e60ed90fffbd3932d85f922f11",
     "a363666d74667061636b65646761747453746d74a363616c67266373696758483046022100d83f60bd80269537583218858aefb03ac57d"
     "45fa06e42feaae332d187f62da9f022100a02bd3cb6f7e1d283c93bad1f3f4b5a4c0494463da7fdbf256949116754d1f176378356381"
     "59022730820223308201c8a003020102021100b2cfc9ea33c8643b0e1a760463eaf164300a06082a8648ce3d0403023062311e301c06"
     "035504030c15576562417574686e207465737420766563746f7273310c300a060355040a0c0357334331253023060355040b0c1c4175"
     "7468656e74696361746f72204174746573746174696f6e204341310b30090603550406130241413020170d3234303130313030303030"
     "305a180f33303234303130313030303030305a305f311e301c06035504030c15576562417574686e207465737420766563746f727331"
     "0c300a060355040a0c0357334331223020060355040b0c1941757468656e74696361746f72204174746573746174696f6e310b300906"
     "03550406130241413059301306072a8648ce3d020106082a8648ce3d03010703420004dd2b7a564b73b8c0b81c4c62e521925c4d1198"
     "ec9f583dbf1eebe364b65cd9c29a9bdf346aaa81fb6b9507e5249a52fdaf8e39e26b0b7dc45992a7e233b70f70a360305e300c060355"
     "1d130101ff04023000300e0603551d0f0101ff040403020780301d0603551d0e041604140ae27546bc7eccb1b4b597bd354f0c0b1f1f"
     "8f8e301f0603551d2304183016801445aff715b0dd786741fee996ebc16547a3931b1e300a06082a8648ce3d04030203490030460221"
     "00a0d434ecb5fc3bfd7da5f41904517ad2836249f561bd834ba7a438a8ab7a4ce8022100fac845bb7a02513b58e9f319654dbe49b0f0"
     "2b95835bac568c71f8a18cdde9ab6861757468446174615881bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452"
     "b2e4b54100000000d5aa33581e8ca478e20fe713f5d32ff20020ce9f840ed96599580cd140fbc7bb3230633f50f61041aff73308ae71"
     "caa8a2bda401010327200621582044e06ddd331c36a8dc667bab52bcae63486c916aa5e339e6acebaa84934bf832",
     "895957e01c633a698348a2d8a31a54b7db27e8c1c43b2080d79ae2190267bfd2", "",
     "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b50100000000",
     "f5c59c7e46c34f6f8cc197101ddf9934fa2595f68eb1913a637e8419eb9ba4cfdfc48f85393bc0d40b011f0d6fecb097d66075257132"
     "23a0dc0d453993dae00b"},
};

std::string bytes(const char* hex) { return hex_decode(hex).value(); }

std::string client_data(const char* type, const char* challenge, const char* extra_data) {
  std::string text = R"({"type":")" + std::string(type) + R"(","challenge":")" + base64url_encode(bytes(challenge)) +
                     R"(","origin":"https://example.org","crossOrigin":false)";
  if (*extra_data != '\0')
    text += R"(,"extraData":"clientDataJSON may be extended with additional fields in the future, such as this: )" +
            base64url_encode(bytes(extra_data)) + "\"";
  return text + "}";
}

std::string response(const Vector& vector, const std::string& members) {
  const std::string id = base64url_encode(bytes(vector.credential_id));
  return R"({"id":")" + id + R"(","rawId":")" + id + R"(","type":"public-key","response":{)" + members + "}}";
}

std::string member(const char* name, const std::string& value) {
  return "\"" + std::string(name) + "\":\"" + base64url_encode(value) + "\"";
}

std::string registration_of(const Vector& vector) {
  return response(vector,
                  member("clientDataJSON", client_data("webauthn.create", vector.challenge, vector.extra_data)) + "," +
                      member("attestationObject", bytes(vector.attestation_object)));
}

std::string assertion_of(const Vector& vector) {
  return response(
      vector, member("clientDataJSON", client_data("webauthn.get", vector.get_challenge, vector.get_extra_data)) + "," +
                  member("authenticatorData", bytes(vector.authenticator_data)) + "," +
                  member("signature", bytes(vector.signature)));
}

// The vectors' authenticators do not verify their user, or not always.
Expected example_org(const char* challenge) {
  return {.rp_id = "example.org",
          .origins = {"https://example.org"},
          .challenge = bytes(challenge),
          .user_verification_required = false};
}

TEST(PasskeyVectors, those_of_webauthn_level_3_section_16_are_right) {
  for (const Vector& vector : vectors) {
    const auto credential = verify_registration(registration_of(vector), example_org(vector.challenge));
    ASSERT_TRUE(credential) << vector.name << ": " << credential.error().text();
    EXPECT_EQ(credential->id, bytes(vector.credential_id)) << vector.name;
    const auto assertion = verify_assertion(assertion_of(vector), *credential, example_org(vector.get_challenge));
    EXPECT_TRUE(assertion) << vector.name << ": " << (assertion ? "" : assertion.error().text());
  }
}

TEST(PasskeyVectors, they_are_refused_where_a_verified_user_is_asked_for) {
  const Vector& vector = vectors[0];
  const auto credential = verify_registration(registration_of(vector), example_org(vector.challenge));
  ASSERT_TRUE(credential);
  auto strict = example_org(vector.get_challenge);
  strict.user_verification_required = true;
  EXPECT_TRUE(verify_assertion(assertion_of(vector), *credential, strict).error().is("user_verified"));
}

TEST(PasskeyVectors, one_vectors_signature_is_not_anothers) {
  for (const Vector& vector : vectors) {
    auto credential = verify_registration(registration_of(vector), example_org(vector.challenge));
    ASSERT_TRUE(credential);
    Vector bent = vector;
    bent.get_extra_data = "00";
    EXPECT_TRUE(
        verify_assertion(assertion_of(bent), *credential, example_org(vector.get_challenge)).error().is("signature"))
        << vector.name;
  }
}

}  // namespace
}  // namespace ward::factors
