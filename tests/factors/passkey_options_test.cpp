#include "passkey.hpp"

#include "json/json.hpp"

#include <gtest/gtest.h>

namespace ward::factors {
namespace {

TEST(PasskeyOptions, creation_is_what_parse_creation_options_from_json_reads) {
  const std::string text = creation_options_json({.rp_id = "clinic.example",
                                                  .rp_name = "St. \"Mary\"",
                                                  .user_handle = "\x01\x02\x03",
                                                  .user_name = "dora",
                                                  .user_display_name = "Dora Santos",
                                                  .challenge = "challenge",
                                                  .exclude = {{"one", {"usb", "nfc"}}, {"two", {}}}});
  EXPECT_EQ(
      text,
      R"({"rp":{"id":"clinic.example","name":"St. \"Mary\""},)"
      R"("user":{"id":"AQID","name":"dora","displayName":"Dora Santos"},"challenge":"Y2hhbGxlbmdl",)"
      R"("pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-8},{"type":"public-key","alg":-257}],)"
      R"("timeout":300000,"excludeCredentials":[{"type":"public-key","id":"b25l","transports":["usb","nfc"]},)"
      R"({"type":"public-key","id":"dHdv"}],"authenticatorSelection":{"residentKey":"preferred",)"
      R"("requireResidentKey":false,"userVerification":"required"},"attestation":"none"})");
  EXPECT_TRUE(json::Document::parse(text));
}

TEST(PasskeyOptions, a_passkey_that_signs_in_alone_must_be_discoverable) {
  const std::string text = creation_options_json({.user_handle = "x", .resident_key_required = true});
  const auto document = json::Document::parse(text);
  ASSERT_TRUE(document);
  const auto selection = document->root()["authenticatorSelection"];
  EXPECT_EQ(selection.string("residentKey"), "required");
  EXPECT_TRUE(selection["requireResidentKey"].boolean());
  EXPECT_EQ(selection.string("userVerification"), "required");
}

TEST(PasskeyOptions, requests_name_the_allowed_credentials_or_none) {
  EXPECT_EQ(request_options_json({.rp_id = "clinic.example", .challenge = "c", .allow = {{"one", {"internal"}}}}),
            R"({"challenge":"Yw","timeout":300000,"rpId":"clinic.example","allowCredentials":)"
            R"([{"type":"public-key","id":"b25l","transports":["internal"]}],"userVerification":"required"})");
  EXPECT_EQ(request_options_json({.rp_id = "a", .challenge = "c", .timeout = std::chrono::milliseconds(5)}),
            R"({"challenge":"Yw","timeout":5,"rpId":"a","allowCredentials":[],"userVerification":"required"})");
}

TEST(PasskeyOptions, a_key_that_is_only_the_second_factor_need_not_verify_its_user) {
  for (const std::string& text :
       {creation_options_json({.user_handle = "x", .user_verification_required = false}),
        request_options_json({.rp_id = "a", .challenge = "c", .user_verification_required = false})}) {
    EXPECT_NE(text.find(R"("userVerification":"preferred")"), std::string::npos) << text;
    EXPECT_TRUE(json::Document::parse(text));
  }
}

TEST(PasskeyOptions, a_challenge_is_32_random_bytes) {
  SystemRandom random;
  EXPECT_EQ(new_passkey_challenge(random).size(), 32u);
  EXPECT_NE(new_passkey_challenge(random), new_passkey_challenge(random));
}

}  // namespace
}  // namespace ward::factors
